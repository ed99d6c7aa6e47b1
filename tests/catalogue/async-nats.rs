//! dependency: async-nats = "0.38.0"
pub async fn publish(data: String) -> Option<()> {
    let client = async_nats::connect("nats.invalid").await.ok()?; //~ net.connect nats.invalid
    client.publish("topic", data.into()).await.ok()?; //~ net.send nats.invalid
    Some(())
}
