//! dependency: redis = "0.27.6"
use redis::{Client, Commands, RedisResult};

pub fn push(text: &str) -> RedisResult<()> {
    let mut con = Client::open("redis://cache.invalid/")?.get_connection()?; //~ net.connect redis://cache.invalid/
    con.lpush("list", text) //~ net.send redis://cache.invalid/
}
