//! What an entry is written in, when neither config nor the document says.
