//! dependency: tonic = "0.12.3"
use tonic::transport::{Channel, Error};

pub async fn open() -> Result<Channel, Error> {
    Channel::from_static("https://rpc.invalid").connect().await //~ net.connect https://rpc.invalid
}
