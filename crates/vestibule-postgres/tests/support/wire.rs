//! For proxies: the way to the server behind them, and the address that leads through them.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::cluster;

pub(crate) type FromServer = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type ToServer = Box<dyn AsyncWrite + Send + Unpin>;

/// A connection to the tests' server, wherever that is.
pub(crate) async fn to_server() -> (FromServer, ToServer) {
    let there: Config = cluster::url().parse().unwrap();
    let port = there.get_ports().first().copied().unwrap_or(5432);
    match there.get_hosts() {
        [Host::Unix(directory), ..] => {
            let socket = directory.join(format!(".s.PGSQL.{port}"));
            let (from, to) = UnixStream::connect(socket).await.unwrap().into_split();
            (Box::new(from), Box::new(to))
        }
        [Host::Tcp(host), ..] => {
            let (from, to) = TcpStream::connect((host.as_str(), port)).await.unwrap().into_split();
            (Box::new(from), Box::new(to))
        }
        [] => panic!("the address names no host"),
    }
}

/// The same database, reached through this port of the machine.
pub(crate) fn through(port: u16) -> Config {
    let there: Config = cluster::url().parse().unwrap();
    let mut config = Config::new();
    config.host("127.0.0.1").port(port);
    config.user(there.get_user().unwrap()).dbname(there.get_dbname().unwrap_or("postgres"));
    if let Some(password) = there.get_password() {
        config.password(password);
    }
    config
}
