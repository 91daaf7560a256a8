//! kaiwa-conformance
