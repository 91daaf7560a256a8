//! kaiwa-server
