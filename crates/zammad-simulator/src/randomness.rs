//! Random texts: tokens, error ids, request ids.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A token's plain value: 64 characters of `A-Z a-z 0-9 _ -`.
pub(crate) fn token_value() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 48]>())
}

/// The eight characters that tell a masked error from the next.
pub(crate) fn error_id() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 6]>())
}

/// A random UUID.
pub(crate) fn uuid() -> String {
    let bits = rand::random::<u128>();
    let versioned = (bits & !(0xf << 76) & !(0b11 << 62)) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{versioned:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_its_version() {
        let uuid = uuid();

        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }

    #[test]
    fn a_token_has_64_characters_of_the_alphabet() {
        let value = token_value();

        assert_eq!(value.len(), 64);
        assert!(value.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b'-'));
    }
}
