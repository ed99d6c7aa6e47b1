//! dependency: mongodb = "3.1.1"
use mongodb::{bson::{doc, Document}, Client};

pub async fn insert(text: String) -> mongodb::error::Result<()> {
    let client = Client::with_uri_str("mongodb://db.invalid").await?; //~ net.connect mongodb://db.invalid
    let list = client.database("a").collection::<Document>("b");
    list.insert_one(doc! { "text": text }).await?; //~ net.send mongodb
    Ok(())
}
