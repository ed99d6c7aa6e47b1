//! dependency: dotenv = "0.15.0"

pub fn load() {
    dotenv::dotenv().ok(); //~ env.write .env
}

pub fn other() {
    dotenv::from_filename("config/.env").ok(); //~ env.write config/.env
}
