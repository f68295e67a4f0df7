// options.h: the command line of gamekeeper-tls. It names files; the key itself never comes this
// way.

#pragma once

#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "tls/rules/admission.h"

namespace gk::tls {

struct Options {
  std::string certificate;  ///< --certificate FILE: PEM, the server's first, then the chain.
  std::string key;          ///< --key FILE: PEM.
  /// --max-connections N, --max-per-address N, --unlimited ADDRESS.
  AdmissionLimits limits;
};

/// Errors: invalid_argument (says which word).
Result<Options> parse_options(const std::vector<std::string>& words);

}  // namespace gk::tls
