//! dependency: dotenvy = "0.15.7"
use dotenvy::dotenv;

pub fn load() {
    dotenv().ok(); //~ env.write .env
}

pub fn parent() {
    dotenvy::from_path("../.env").ok(); //~ file.read ../.env
}

pub fn key() -> Option<String> {
    dotenvy::var("API_KEY").ok() //~ env.read API_KEY
}
