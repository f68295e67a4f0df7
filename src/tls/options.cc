#include "tls/options.h"

#include <charconv>

#include "base/try.h"

namespace gk::tls {
namespace {

Result<std::size_t> count_of(const std::string& name, const std::string& text) {
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc() && end == text.data() + text.size() && out > 0 && out <= 65'536) {
    return out;
  }
  return Error{Errc::invalid_argument, name + ": expected 1 to 65536, got \"" + text + "\""};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& words) {
  Options out;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size()) {
      return Error{Errc::invalid_argument, "expected a value after " + words[i]};
    }
    const std::string& value = words[i + 1];
    if (words[i] == "--certificate") {
      out.certificate = value;
    } else if (words[i] == "--key") {
      out.key = value;
    } else if (words[i] == "--max-connections") {
      GK_TRY(out.limits.max_connections, count_of(words[i], value));
    } else if (words[i] == "--max-per-address") {
      GK_TRY(out.limits.max_per_address, count_of(words[i], value));
    } else if (words[i] == "--unlimited") {
      out.limits.unlimited.push_back(value);
    } else {
      return Error{Errc::invalid_argument,
                   "expected --certificate, --key, --max-connections, --max-per-address or "
                   "--unlimited, got " +
                       words[i]};
    }
  }
  if (!out.certificate.empty() && !out.key.empty()) return out;
  return Error{Errc::invalid_argument, "expected --certificate FILE and --key FILE"};
}

}  // namespace gk::tls
