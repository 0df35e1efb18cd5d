//! The bare server: hyper as it comes, reads the body and answers 200. It checks nothing and stores nothing: what is
//! left of a run against it is the cost of HTTP and of the generator.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::subject::{Orders, announce, bind, run};

/// Serves until told to stop.
pub(crate) fn serve() -> anyhow::Result<()> {
    run(async {
        let listener = bind().await?;
        announce(&listener)?;
        tokio::spawn(accept(listener));
        while Orders::listen().next().await.is_some() {}
        Ok(())
    })
}

async fn accept(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        // Without it the figures are slower, which they would show.
        drop(stream.set_nodelay(true));
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // A broken body ends its connection; the generator counts it.
    drop(request.into_body().collect().await);
    Ok(Response::new(Full::new(Bytes::from_static(b"ok"))))
}
