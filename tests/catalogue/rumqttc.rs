//! dependency: rumqttc = "0.24.0"
use rumqttc::{Client, MqttOptions, QoS};

pub fn publish(data: Vec<u8>) {
    let options = MqttOptions::new("id", "broker.invalid", 1883); //~ net.connect broker.invalid
    let (client, _connection) = Client::new(options, 4);
    client.publish("topic", QoS::AtMostOnce, false, data).ok(); //~ net.send broker.invalid:1883
}
