//! dependency: auto-launch = "0.5.0"
use auto_launch::AutoLaunchBuilder;

pub fn install() -> Option<()> {
    let auto = AutoLaunchBuilder::new().set_app_name("a").set_app_path("/opt/a").build().ok()?;
    auto.enable().ok() //~ file.write .config/autostart/app.desktop
}
