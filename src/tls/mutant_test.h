// mutant_test.h: the planted bug that tls_mutant_tests runs with. Every test file includes it.

#pragma once

#include <cstdlib>

#include "tls/mutant.h"

namespace gk::tls {

#ifdef GK_TLS_MUTANTS
inline const bool mutant_is_set = [] {
  const char* wanted = std::getenv("GK_TLS_MUTANT");
  if (wanted != nullptr) active_mutant_for_test = static_cast<MutantForTest>(std::atoi(wanted));
  return true;
}();
#endif

}  // namespace gk::tls
