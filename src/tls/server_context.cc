#include "tls/server_context.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

#include "base/try.h"
#include "sys/files.h"
#include "tls/mutant.h"
#include "tls/rules/expiry.h"

namespace gk::tls {
namespace {

constexpr std::size_t kMaxFile = 256 * 1024;  // Source: chosen; a chain of four is 8 KiB
constexpr std::size_t kMaxChain = 16;         // Source: chosen; public ones have two or three
// TLS 1.2 with forward secrecy and authenticated encryption only; those of 1.3 all have both.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct Free {
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* x) const { EVP_PKEY_free(x); }
  void operator()(BIO* x) const { BIO_free(x); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

/// What OpenSSL says to the last failure.
std::string reason() {
  const unsigned long last = ERR_peek_last_error();
  const char* text = ERR_reason_error_string(last);
  ERR_clear_error();
  return text == nullptr ? "unknown reason" : text;
}

Error fault(std::string_view setting, const std::string& file, const std::string& what) {
  return {Errc::invalid_argument, std::string(setting) + " " + file + ": " + what};
}

enum class Secrecy : std::uint8_t { open, secret };

Result<std::string> read_pem(std::string_view setting, const std::string& file, Secrecy secrecy) {
  // A fifo would hold the start up for ever.
  const sys::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    const int why = errno;
    return fault(setting, file, std::string("cannot be read: ") + std::strerror(why));
  }
  if (!S_ISREG(info.st_mode)) return fault(setting, file, "is not a file");
  if (secrecy == Secrecy::secret && (info.st_mode & 077U) != 0 && !GK_TLS_MUTANT(key_of_any_mode)) {
    char mode[8];
    (void)std::snprintf(mode, sizeof mode, "%04o", unsigned(info.st_mode) & 07777U);
    return fault(setting, file,
                 std::string("has mode ") + mode +
                     ", so that others may read or change the key; expected 0600 or 0400");
  }
  auto text = sys::read_file(fd, file, kMaxFile);
  if (!text) return fault(setting, file, text.error().message);
  return text;
}

Owned<BIO> memory_of(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::int64_t unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

/// The server's own certificate and those above it, in the order of the file.
Result<std::vector<Owned<X509>>> read_chain(const std::string& file) {
  GK_TRY(const std::string text, read_pem("tls.certificate", file, Secrecy::open));
  const auto memory = memory_of(text);
  std::vector<Owned<X509>> out;
  while (X509* one = PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)) {
    out.emplace_back(one);
    if (out.size() > kMaxChain) return fault("tls.certificate", file, "has over 16 certificates");
  }
  const unsigned long last = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (at_end && !out.empty()) {
    ERR_clear_error();
    return out;
  }
  if (at_end) {
    ERR_clear_error();
    return fault("tls.certificate", file,
                 "has no certificate; expected PEM (-----BEGIN CERTIFICATE-----)");
  }
  return fault("tls.certificate", file, "is not PEM: " + reason());
}

Result<Owned<EVP_PKEY>> read_key(const std::string& file) {
  GK_TRY(std::string text, read_pem("tls.key", file, Secrecy::secret));
  const auto memory = memory_of(text);
  bool asked = false;  // Nobody is there to type a password.
  const auto ask = [](char*, int, int, void* was_asked) {
    *static_cast<bool*>(was_asked) = true;
    return -1;
  };
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(memory.get(), nullptr, ask, &asked));
  OPENSSL_cleanse(text.data(), text.size());
  if (key) return key;
  const std::string why = reason();
  if (asked) return fault("tls.key", file, "has a password; expected a key without one");
  return fault("tls.key", file,
               "has no private key; expected PEM (-----BEGIN PRIVATE KEY-----): " + why);
}

Result<void> check_dates(const std::string& file, const X509* certificate, WallTime now) {
  const std::int64_t now_s = std::chrono::floor<Seconds>(now.time_since_epoch()).count();
  const std::int64_t from = unix_time(X509_get0_notBefore(certificate));
  const std::int64_t until = unix_time(X509_get0_notAfter(certificate));
  if (until <= now_s && !GK_TLS_MUTANT(expired_is_fine))
    return fault("tls.certificate", file, "expired on " + expiry_date(until));
  if (from > now_s)
    return fault("tls.certificate", file, "is not valid before " + expiry_date(from));
  return {};
}

/// Takes http/1.1. A client that offers others only gets an alert: it would misread what comes.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void*) {
  static constexpr std::string_view kOurs = "http/1.1";
  for (unsigned at = 0; at < in_size; at += 1U + in[at]) {
    const unsigned length = in[at];
    if (at + 1 + length > in_size) break;
    if (std::string_view(reinterpret_cast<const char*>(in) + at + 1, length) != kOurs) continue;
    *out = in + at + 1;
    *size = static_cast<unsigned char>(length);
    return SSL_TLSEXT_ERR_OK;
  }
  return GK_TLS_MUTANT(any_protocol) ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool set_rules(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Partial: one record at a time, so that a slow client holds one of ours and no more.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // One read() a record instead of two.
  // Sessions are in the client's ticket: what we keep does not grow with clients.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  const int oldest = GK_TLS_MUTANT(any_version) ? TLS1_VERSION : TLS1_2_VERSION;
  return SSL_CTX_set_min_proto_version(context, oldest) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1;
}

}  // namespace

Result<ServerContext> open_server_context(const std::string& certificate_file,
                                          const std::string& key_file, WallTime now) {
  ERR_clear_error();
  GK_TRY(const auto chain, read_chain(certificate_file));
  GK_TRY(const auto key, read_key(key_file));
  X509* const own = chain.front().get();
  if (X509_check_private_key(own, key.get()) != 1 && !GK_TLS_MUTANT(key_of_anybody)) {
    ERR_clear_error();
    return fault("tls.key", key_file,
                 "belongs to another certificate than the first of " + certificate_file);
  }
  GK_CHECK_OK(check_dates(certificate_file, own, now));
  ServerContext out;
  out.context.reset(SSL_CTX_new(TLS_server_method()));
  out.not_after_s = unix_time(X509_get0_notAfter(own));
  SSL_CTX* const context = out.context.get();
  if (context == nullptr || !set_rules(context)) {
    return Error{Errc::internal, "OpenSSL cannot start: " + reason()};
  }
  bool taken = SSL_CTX_use_certificate(context, own) == 1;
  for (std::size_t i = 1; taken && i < chain.size(); ++i) {
    taken = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  }
  if (!taken) return fault("tls.certificate", certificate_file, "is refused: " + reason());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return fault("tls.key", key_file, "is refused: " + reason());
  }
  return out;
}

}  // namespace gk::tls
