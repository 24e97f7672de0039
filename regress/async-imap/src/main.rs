// Appends with async-imap, by turns on a connection as it makes it and on one
// with TCP_NODELAY; prints each APPEND's milliseconds as JSON, as append.rb
// does: {"plain": [...], "nodelay": [...]}.
//
// usage: append PORT TLS(0|1) USER PASSWORD COUNT

use std::fmt::Debug;
use std::time::Instant;

use async_imap::{Client, Session};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_native_tls::native_tls;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

trait Stream: AsyncRead + AsyncWrite + Unpin + Debug + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Debug + Send> Stream for T {}

type Imap = Session<Box<dyn Stream>>;

async fn connect(args: &[String], nodelay: bool) -> Result<Imap> {
    let tcp = TcpStream::connect(("127.0.0.1", args[1].parse()?)).await?;
    if nodelay {
        tcp.set_nodelay(true)?;
    }
    let stream: Box<dyn Stream> = if args[2] == "1" {
        let tls = native_tls::TlsConnector::builder()
            .danger_accept_invalid_certs(true)
            .build()?;
        let tls = tokio_native_tls::TlsConnector::from(tls);
        Box::new(tls.connect("localhost", tcp).await?)
    } else {
        Box::new(tcp)
    };
    let mut client = Client::new(stream);
    client.read_response().await?.ok_or("no greeting")?;
    Ok(client.login(&args[3], &args[4]).await.map_err(|e| e.0)?)
}

async fn run(args: &[String]) -> Result<()> {
    let mail = format!(
        "From: a@example.org\r\nSubject: by Rust\r\n\r\n{}\r\n",
        "x".repeat(2000)
    );
    let mut conns = [connect(args, false).await?, connect(args, true).await?];
    let mut times = [vec![], vec![]];
    for _ in 0..args[5].parse::<usize>()? {
        for (imap, t) in conns.iter_mut().zip(times.iter_mut()) {
            let start = Instant::now();
            imap.append("INBOX", None, None, &mail).await?;
            t.push(start.elapsed().as_secs_f64() * 1000.0);
        }
    }
    for imap in &mut conns {
        imap.logout().await?;
    }
    println!("{{\"plain\": {:?}, \"nodelay\": {:?}}}", times[0], times[1]);
    Ok(())
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 6 {
        return Err("usage: append PORT TLS USER PASSWORD COUNT".into());
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(&args))
}
