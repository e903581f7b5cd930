//! Starting, stopping and breaking the simulator.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::failure::Failure;
use crate::helpdesk::Helpdesk;
use crate::operation::Operation;
use crate::seed;
use crate::serving;
use crate::settings::Settings;
use crate::shared::Shared;

/// A helpdesk that listens on a local port until it is dropped.
///
/// It runs on a thread of its own, so a test may block or pause its clock without stopping the helpdesk.
pub struct Simulator {
    address: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    /// Where webhooks are sent from.
    pub(crate) runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    stopped: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Start to listen.
    ///
    /// # Errors
    ///
    /// When the address is taken, or the time zone unknown.
    pub fn start(config: &Config) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(Helpdesk::new(config)?, config));
        let listener = TcpListener::bind(config.address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopping) = oneshot::channel();
        let (has_stopped, stopped) = oneshot::channel();
        let (has_started, started) = mpsc::channel();
        let served = Arc::clone(&shared);
        let thread = thread::Builder::new().name("zammad-simulator".to_owned()).spawn(move || {
            run(listener, served, stopping, &has_started);
            // Nobody has to wait for this.
            let _ = has_stopped.send(());
        })?;
        let runtime = started.recv().map_err(io::Error::other)??;
        Ok(Self { address, shared, runtime, stop: Some(stop), stopped: Some(stopped), thread: Some(thread) })
    }

    /// The base URL, such as `http://127.0.0.1:43210`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token of the service account: an agent who may mint and read users, without `admin.user`.
    #[must_use]
    pub fn agent_token(&self) -> &'static str {
        seed::AGENT_TOKEN
    }

    /// The token of an administrator.
    #[must_use]
    pub fn admin_token(&self) -> &'static str {
        seed::ADMIN_TOKEN
    }

    /// Close every connection and the port.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(stopped) = self.stopped.take() {
            // An error means that the thread is gone already.
            drop(stopped.await);
        }
    }

    /// Fail every request until [`recover`](Self::recover). The latest such call wins.
    pub fn fail(&self, failure: Failure) {
        self.shared.failures().fail(&[], failure);
    }

    /// Fail every request for one of `operations` until [`recover`](Self::recover).
    pub fn fail_on(&self, operations: &[Operation], failure: Failure) {
        self.shared.failures().fail(operations, failure);
    }

    /// Fail the next `count` requests. They come before any other failure, and queue up.
    pub fn fail_next(&self, count: usize, failure: Failure) {
        self.shared.failures().fail_next(count, &[], failure);
    }

    /// Fail the next `count` requests for one of `operations`.
    pub fn fail_next_on(&self, count: usize, operations: &[Operation], failure: Failure) {
        self.shared.failures().fail_next(count, operations, failure);
    }

    /// End every failure, counted ones included, and let go of the requests that hang.
    pub fn recover(&self) {
        self.shared.recover();
    }

    /// Change the settings of the helpdesk, for good.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.desk().settings);
    }
}

/// Serve until `stopping`. The connections live in the runtime of this call: once it returns, they are gone.
fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    stopping: oneshot::Receiver<()>,
    started: &mpsc::Sender<io::Result<Handle>>,
) {
    let report = |outcome| drop(started.send(outcome));
    match runtime::Builder::new_current_thread().enable_all().build() {
        Err(err) => report(Err(err)),
        Ok(runtime) => runtime.block_on(async {
            match tokio::net::TcpListener::from_std(listener) {
                Err(err) => report(Err(err)),
                Ok(listener) => {
                    report(Ok(Handle::current()));
                    serving::serve(listener, shared, stopping).await;
                }
            }
        }),
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            drop(thread.join());
        }
    }
}
