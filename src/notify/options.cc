#include "notify/options.h"

#include "base/try.h"

namespace gk::notify {

Result<Options> parse_options(const std::vector<std::string>& words) {
  Options out;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size()) {
      return Error{Errc::invalid_argument, "expected a value after " + words[i]};
    }
    const std::string& value = words[i + 1];
    if (words[i] == "--allow") {
      GK_TRY(auto network, notices::Network::parse(value));
      out.allowed.push_back(network);
    } else if (words[i] == "--ca-file") {
      out.ca_file = value;
    } else {
      return Error{Errc::invalid_argument,
                   "expected --allow NETWORK or --ca-file PATH, got " + words[i]};
    }
  }
  return out;
}

}  // namespace gk::notify
