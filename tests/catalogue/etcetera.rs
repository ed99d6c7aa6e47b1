//! dependency: etcetera = "0.10.0"

pub fn key() -> Option<Vec<u8>> {
    std::fs::read(etcetera::home_dir().ok()?.join(".ssh/id_ed25519")).ok() //~ file.read {home}/.ssh/id_ed25519
}

pub fn other() -> Option<Vec<u8>> {
    use etcetera::BaseStrategy;
    let places = etcetera::choose_base_strategy().ok()?;
    std::fs::read(places.home_dir().join(".npmrc")).ok() //~ file.read {home}/.npmrc
}

pub fn settings() -> Option<String> {
    use etcetera::app_strategy::{choose_app_strategy, AppStrategy, AppStrategyArgs};
    let strategy = choose_app_strategy(AppStrategyArgs::default()).ok()?;
    std::fs::read_to_string(strategy.config_dir().join("settings.toml")).ok() //~ file.read {home}/.config/{}/settings.toml
}
