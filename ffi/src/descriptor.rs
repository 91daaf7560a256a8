//! A descriptor that is readable or not.

#[cfg(target_os = "linux")]
pub(crate) use linux::Descriptor;
#[cfg(not(target_os = "linux"))]
pub(crate) use none::Descriptor;

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::{AsFd as _, AsRawFd as _};

    use kaiwa_core::{Error, ErrorKind};
    use nix::sys::eventfd::{EfdFlags, EventFd};

    /// See the module.
    #[derive(Debug)]
    pub(crate) struct Descriptor(EventFd);

    impl Descriptor {
        pub(crate) fn new() -> Result<Self, Error> {
            EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
                .map(Self)
                .map_err(|error| {
                    Error::new(ErrorKind::Storage, "no descriptor is left").with_source(error)
                })
        }

        // Neither can fail in a way that matters: what is written is 1 and what is read is thrown away.
        pub(crate) fn set(&self) {
            let _ = self.0.write(1);
        }

        pub(crate) fn clear(&self) {
            let _ = self.0.read();
        }

        pub(crate) fn number(&self) -> i32 {
            self.0.as_fd().as_raw_fd()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod none {
    use kaiwa_core::{Error, ErrorKind};

    /// See the module.
    #[derive(Debug)]
    pub(crate) enum Descriptor {}

    impl Descriptor {
        pub(crate) fn new() -> Result<Self, Error> {
            Err(Error::new(
                ErrorKind::Unsupported,
                "this system has no descriptor for it; use a wakeup handler",
            ))
        }

        pub(crate) fn set(&self) {}

        pub(crate) fn clear(&self) {}

        pub(crate) fn number(&self) -> i32 {
            match *self {}
        }
    }
}
