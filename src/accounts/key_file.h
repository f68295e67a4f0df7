// key_file.h: the file that holds the installation's secret (rules/subkey.h).

#pragma once

#include <string>

#include "accounts/rules/subkey.h"
#include "base/log.h"
#include "gamekeeper/result.h"

namespace gk::accounts {

/// Reads the key at `path`, or makes one with mode 0600 when there is none. A file that others may
/// read is closed to them, with a warning. A damaged one is not replaced by itself: with it go the
/// authenticator secrets.
/// Errors: data_loss (not a key: says what deleting it costs), as sys::read_file() and
///         sys::replace_file(); failed_precondition (a symbolic link).
/// Cost:   blocks; two disk syncs when the key is made.
Result<SecretKey> load_or_make_key(const std::string& path, Random& random, Log& log);

}  // namespace gk::accounts
