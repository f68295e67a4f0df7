// mutant.h: planted bugs of gamekeeper-tls, that the tests must catch.
//
// Only the test program tls_mutant_tests defines GK_TLS_MUTANTS; everywhere else GK_TLS_MUTANT is
// the constant false, so the bugs do not exist in a product binary.

#pragma once

#include <cstdint>

namespace gk::tls {

/// Which promise is broken on purpose.
enum class MutantForTest : std::uint8_t {
  none = 0,
  key_of_any_mode,    ///< A key that others may read is taken.
  key_of_anybody,     ///< So is one of another certificate.
  expired_is_fine,    ///< And a certificate that is over.
  any_version,        ///< TLS 1.1 is spoken.
  any_protocol,       ///< A client that offers h2 alone is let in.
  no_deadline,        ///< A handshake may take for ever.
  unbounded_down,     ///< The daemon is read whether the client takes it or not.
  cut_is_an_end,      ///< A connection that is cut off counts as ended by the client.
  no_goodbye,         ///< The daemon's end is no close_notify.
  end_is_kept,        ///< The client's end is not told to the daemon.
  no_admission,       ///< There are no limits.
  open_files,         ///< The filter lets files be opened.
  waiting_forgotten,  ///< Who has shaken hands while the daemon was slow is never handed over.
  count,
};

#ifdef GK_TLS_MUTANTS
/// The planted bug of this process. Global: what it breaks has no state to hold it.
inline MutantForTest active_mutant_for_test = MutantForTest::none;
#define GK_TLS_MUTANT(name) (::gk::tls::active_mutant_for_test == ::gk::tls::MutantForTest::name)
#else
#define GK_TLS_MUTANT(name) false
#endif

}  // namespace gk::tls
