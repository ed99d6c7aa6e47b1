//! dependency: xcap = "0.7.1"
use xcap::Monitor;

pub fn take() -> Option<()> {
    let monitor = Monitor::from_point(0, 0).ok()?;
    monitor.capture_image().ok()?; //~ screen.capture screen
    Some(())
}
