// mutant.h: planted bugs of the daemon's side of TLS, that the tests must catch.
//
// Only the test program tls_service_mutant_tests defines GK_TLS_SERVICE_MUTANTS; everywhere else
// the bugs do not exist (as in tls/mutant.h).

#pragma once

#include <cstdint>

namespace gk::tls::service {

/// Which promise is broken on purpose.
enum class MutantForTest : std::uint8_t {
  none = 0,
  lost_is_nonsense,      ///< A connection whose descriptor was lost ends gamekeeper-tls.
  each_drop_is_said,     ///< Every one of them has a line in the log.
  untried_is_forgotten,  ///< Files that nobody could try are not tried again.
  restart_waits,         ///< New files wait for the restart's time.
  weak_is_fine,          ///< A process without its list of system calls passes for a confined one.
  count,
};

#ifdef GK_TLS_SERVICE_MUTANTS
/// The planted bug of this process. Global: what it breaks has no state to hold it.
inline MutantForTest active_mutant_for_test = MutantForTest::none;
#define GK_TLS_SERVICE_MUTANT(name) \
  (::gk::tls::service::active_mutant_for_test == ::gk::tls::service::MutantForTest::name)
#else
#define GK_TLS_SERVICE_MUTANT(name) false
#endif

}  // namespace gk::tls::service
