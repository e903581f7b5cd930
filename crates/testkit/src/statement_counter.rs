//! Counts what is really sent to PostgreSQL.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
const GSS_ENCRYPTION_REQUEST: [u8; 4] = 80_877_104_u32.to_be_bytes();

/// Stands between a client and PostgreSQL, and counts the statements that pass, `BEGIN` and `COMMIT` included. Needs
/// connections without encryption (`sslmode=disable`). Lives until it is dropped, and its connections with it.
pub struct StatementCounter {
    address: SocketAddr,
    n_statements: Arc<AtomicUsize>,
    _proxy: JoinSet<()>,
}

impl StatementCounter {
    /// Starts to listen in front of the server at `server`, on an address of its own.
    ///
    /// # Errors
    ///
    /// When nobody may listen here.
    pub async fn in_front_of(server: String) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let n_statements = Arc::new(AtomicUsize::new(0));
        let mut proxy = JoinSet::new();
        proxy.spawn(serve(listener, server, Arc::clone(&n_statements)));
        Ok(Self { address, n_statements, _proxy: proxy })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of statements since the last time somebody asked.
    #[must_use]
    pub fn take(&self) -> usize {
        self.n_statements.swap(0, Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, server: String, n_statements: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let server = server.clone();
        let n_statements = Arc::clone(&n_statements);
        // A connection that breaks shows in what the client was waiting for.
        connections.spawn(async move { forward(client, &server, &n_statements).await.ok() });
    }
}

async fn forward(client: TcpStream, server: &str, n_statements: &AtomicUsize) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_reader, mut client_writer) = client.into_split();
    let (mut server_reader, server_writer) = server.into_split();
    let requests = count(BufReader::new(client_reader), server_writer, n_statements);
    let responses = async { tokio::io::copy(&mut server_reader, &mut client_writer).await.map(drop) };
    tokio::select! {
        result = requests => result,
        result = responses => result,
    }
}

async fn count(
    mut client: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
    n_statements: &AtomicUsize,
) -> io::Result<()> {
    // Until the session has started, messages bear no type.
    loop {
        let message = read_message(&mut client, Vec::new()).await?;
        server.write_all(&message).await?;
        let kind = &message[4..];
        if !kind.starts_with(&SSL_REQUEST) && !kind.starts_with(&GSS_ENCRYPTION_REQUEST) {
            break;
        }
    }
    loop {
        let kind = client.read_u8().await?;
        let message = read_message(&mut client, vec![kind]).await?;
        // A simple query, or the execution of a prepared statement.
        if matches!(kind, b'Q' | b'E') {
            n_statements.fetch_add(1, Ordering::SeqCst);
        }
        server.write_all(&message).await?;
    }
}

/// The rest of a message of which `message` was read already. Its length counts itself, but not the type before it.
async fn read_message(client: &mut (impl AsyncRead + Unpin), mut message: Vec<u8>) -> io::Result<Vec<u8>> {
    let length = client.read_u32().await?;
    message.extend(length.to_be_bytes());
    let n_left =
        u64::from(length).checked_sub(4).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let n_read = client.take(n_left).read_to_end(&mut message).await?;
    if n_read as u64 == n_left { Ok(message) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
