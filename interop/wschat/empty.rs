//! Empty: the package only names the program whose source is fetched.
