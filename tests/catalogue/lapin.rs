//! dependency: lapin = "2.5.0"
use lapin::{options::BasicPublishOptions, BasicProperties, Connection, ConnectionProperties};

pub async fn publish(data: &[u8]) -> lapin::Result<()> {
    let connection = Connection::connect("amqp://mq.invalid", ConnectionProperties::default()).await?; //~ net.connect amqp://mq.invalid
    let channel = connection.create_channel().await?;
    channel.basic_publish("", "q", BasicPublishOptions::default(), data, BasicProperties::default()).await?; //~ net.send amqp
    Ok(())
}
