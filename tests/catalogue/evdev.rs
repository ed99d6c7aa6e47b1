//! dependency: evdev = "0.12.2"
use evdev::Device;

pub fn open() -> std::io::Result<Device> {
    Device::open("/dev/input/event0") //~ input.capture keys
}
