//! The floor: what durable acknowledging costs at least. A hyper server with the node's settings (protocol detection,
//! timer, TCP_NODELAY, same runtime) checks the signature over the raw body and appends the body to a plain file; one
//! thread writes and syncs whatever arrived during its last sync, then those requests are answered 200. The file's blocks
//! were written before, as databases do with their logs: a growing file would sync its size and place along each time.
//!
//! Nothing is parsed, indexed or worked off, and the file is never read. No code of the node's server or store is used,
//! but the signature's check.

use std::convert::Infallible;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use webhook::{Secret, signature};

use super::bodies::SECRET;
use super::subject::{Orders, announce, bind, run};

/// Bodies that are synced together at most; as in the node's writers.
const GROUP_MAX: usize = 4_096;

/// As the node's listener has them.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
const HEADER_MAX: usize = 64 << 10;

/// A body and who waits for it. No queue limit of its own: a connection has one request under way.
type Waiting = (Bytes, oneshot::Sender<bool>);

/// Serves until told to stop. The file lies in `dir`, so many bytes of it written ahead; after them it grows.
pub(crate) fn serve(dir: &Path, ahead: u64) -> anyhow::Result<()> {
    let file = written_ahead(&dir.join("floor.log"), ahead).context("a file to append to")?;
    let (writer, waiting) = channel();
    std::thread::Builder::new().name("floor".to_owned()).spawn(move || append(file, &waiting)).context("a thread")?;
    run(async {
        let listener = bind().await?;
        announce(&listener)?;
        tokio::spawn(accept(listener, writer));
        while Orders::listen().next().await.is_some() {}
        Ok(())
    })
}

/// A file whose blocks are on disk, to be written from its start. Written page by page, so that the kernel keeps single
/// pages of it and not large ones, each of which would count as written whole whenever a part of it is.
fn written_ahead(path: &Path, bytes: u64) -> std::io::Result<File> {
    let mut file = File::create(path)?;
    for _ in 0..bytes / 4_096 {
        file.write_all(&[0; 4_096])?;
    }
    file.sync_all()?;
    file.rewind()?;
    Ok(file)
}

/// Whatever arrived during the last sync is the next group.
fn append(mut file: File, waiting: &Receiver<Waiting>) {
    let (mut bytes, mut told) = (Vec::new(), Vec::new());
    while let Ok(first) = waiting.recv() {
        for (body, who) in core::iter::once(first).chain(waiting.try_iter()).take(GROUP_MAX) {
            let length = u32::try_from(body.len()).expect("a body is short");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&body);
            told.push(who);
        }
        let durable = file.write_all(&bytes).and_then(|()| file.sync_data()).is_ok();
        bytes.clear();
        for who in told.drain(..) {
            // Whoever hung up has its body on disk all the same.
            let _heard = who.send(durable);
        }
    }
}

async fn accept(listener: TcpListener, writer: Sender<Waiting>) {
    let secrets = Arc::new([Secret::new(SECRET.as_bytes())]);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_MAX);
    while let Ok((stream, _)) = listener.accept().await {
        // Without it the figures are slower, which they would show.
        drop(stream.set_nodelay(true));
        let (writer, secrets) = (writer.clone(), Arc::clone(&secrets));
        let service = service_fn(move |request| answer(request, writer.clone(), Arc::clone(&secrets)));
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        tokio::spawn(connection);
    }
}

async fn answer(
    request: Request<Incoming>,
    writer: Sender<Waiting>,
    secrets: Arc<[Secret; 1]>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(status(StatusCode::BAD_REQUEST)) };
    let body = body.to_bytes();
    let claimed = head.headers.get("x-hub-signature-256").map(|value| value.as_bytes());
    if signature::verify(&*secrets, claimed, &body).is_err() {
        return Ok(status(StatusCode::FORBIDDEN));
    }
    let (who, told) = oneshot::channel();
    let durable = writer.send((body, who)).is_ok() && told.await.unwrap_or(false);
    Ok(status(if durable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"ok")));
    *response.status_mut() = status;
    response
}
