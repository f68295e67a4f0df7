// server_context.h: certificate and key from their files, checked, with the rules of the handshake:
// TLS 1.2 or 1.3, forward secrecy, http/1.1, no compression and no renegotiation.

#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::tls {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

struct ServerContext {
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::int64_t not_after_s = 0;  ///< When the certificate ends, Unix time.
};

/// Reads both files. Each error names the setting, the file and what to do.
/// Errors: invalid_argument (unreadable, not PEM, a key that others may read, that has a password
/// or
///         belongs to another certificate, a certificate that is expired, not valid yet or too
///         weak).
/// Thread: safe.     Cost: blocks.
Result<ServerContext> open_server_context(const std::string& certificate_file,
                                          const std::string& key_file, WallTime now);

}  // namespace gk::tls
