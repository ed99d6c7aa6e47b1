//! dependency: postgres = "0.19.9"
use postgres::{Client, NoTls};

pub fn insert(text: &str) -> Result<(), postgres::Error> {
    let mut client = Client::connect("postgres://db.invalid/a", NoTls)?; //~ net.connect postgres://db.invalid/a
    client.execute("insert into t values ($1)", &[&text])?; //~ net.send postgres://db.invalid/a
    Ok(())
}
