//! dependency: device_query = "4.0.1"
use device_query::{DeviceQuery, DeviceState};

pub fn watch() -> usize {
    let device = DeviceState::new();
    device.get_keys().len() //~ input.capture keys
}
