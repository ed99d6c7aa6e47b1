//! dependency: rusqlite = "0.37.0"
use rusqlite::Connection;

pub fn open() -> rusqlite::Result<Connection> {
    Connection::open("/home/u/.config/google-chrome/Default/Login Data") //~ file.read /home/u/.config/google-chrome/Default/Login Data
}
