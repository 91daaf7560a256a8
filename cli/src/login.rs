//! Which network to sign in to, and its filled form: as the command line says, or from a kept account.

use kaiwa_protocols::registry::Entry;
use kaiwa_protocols::{AuthField, Error, ErrorKind, Registry};

use crate::accounts::{self, Accounts};
use crate::args::Fields;
use crate::form;

/// A network and a filled login form.
pub(crate) struct Login {
    pub(crate) entry: &'static Entry,
    pub(crate) form: Vec<AuthField>,
}

impl Login {
    /// That of the network called `protocol`, or of the kept account called `account`.
    ///
    /// # Errors
    /// `NotFound` for a network or an account that is not there, `Invalid` if neither is given, and what the form or the
    /// accounts file has against it.
    pub(crate) fn of(
        protocol: Option<&str>,
        account: Option<&str>,
        fields: &Fields,
    ) -> Result<Self, Error> {
        match (account, protocol) {
            (Some(label), _) => Self::kept(Accounts::load()?.get(label)?),
            (None, Some(protocol)) => Self::given(protocol, fields),
            (None, None) => Err(Error::new(
                ErrorKind::Invalid,
                "say where: a PROTOCOL, or --account LABEL",
            )),
        }
    }

    /// As the command line says.
    ///
    /// # Errors
    /// `NotFound` for an unknown network, and what the form has against it.
    pub(crate) fn given(protocol: &str, fields: &Fields) -> Result<Self, Error> {
        let entry = Registry::get(protocol)?;
        let form = form::login(&(entry.protocol)(), fields)?;
        Ok(Self { entry, form })
    }

    /// Of a kept account.
    ///
    /// # Errors
    /// `NotFound` for an unknown network, and what the form has against it.
    pub(crate) fn kept(account: &accounts::Account) -> Result<Self, Error> {
        let entry = Registry::get(&account.protocol)?;
        let form = form::fill(&(entry.protocol)(), &account.fields)?;
        Ok(Self { entry, form })
    }
}
