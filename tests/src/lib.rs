//! Nothing: all there is to this package are its tests.
