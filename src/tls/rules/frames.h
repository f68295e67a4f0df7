// frames.h: the messages between the daemon and gamekeeper-tls: one packet each, words apart by a
// space. A listening socket and the daemon's ends of connections come beside them (SCM_RIGHTS).

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"

namespace gk::tls {

inline constexpr std::size_t kMaxFrame = 2 * 1024;  // Source: chosen; a path and a reason

/// What the daemon may ask for. Source: chosen.
inline constexpr std::string_view kListenFrame = "listen";  ///< With the listening socket.
inline constexpr std::string_view kDrainFrame = "drain";    ///< Take nobody more, then end.
inline constexpr std::string_view kCountFrame = "count";  ///< Answer with a tally. Source: chosen.

/// What holds of gamekeeper-tls, as it says when it is ready. Source: tls/confine.cc.
inline constexpr std::string_view kConfined = "seccomp and limits";
inline constexpr std::string_view kWeaklyConfined = "limits alone";

/// Counts since the start of the process, and what is open now.
struct Tally {
  std::uint64_t open = 0;
  std::uint64_t handshakes = 0;  ///< Finished.
  std::uint64_t failed = 0;      ///< Not TLS, or no common version or cipher.
  std::uint64_t late = 0;        ///< Cut at the deadline.
  std::uint64_t refused = 0;     ///< Over a limit, or there was no descriptor for it.
  bool operator==(const Tally&) const = default;
};

/// What gamekeeper-tls says.
struct FrontFrame {
  enum class Kind : std::uint8_t {
    ready,       ///< The files are good; it waits for the listening socket.
    failed,      ///< They are not; it ends.
    connection,  ///< A client has shaken hands; with the daemon's end.
    tally,
  };
  Kind kind = Kind::failed;
  std::string text;              ///< ready: the confinement; failed: why; connection: address.
  std::uint16_t port = 0;        ///< Of the client.
  std::int64_t not_after_s = 0;  ///< ready: when the certificate ends, Unix time,
  std::size_t places = 0;        ///< and for how many clients there are descriptors.
  Tally tally;
};

std::string ready_frame(std::int64_t not_after_s, std::size_t places, std::string_view confinement);
/// `why` is cut where the frame would be too long.
std::string failed_frame(std::string_view why);
std::string connection_frame(std::string_view address, std::uint16_t port);
std::string tally_frame(const Tally& tally);

/// Errors: invalid_argument (not one of the four, or an address that is no IP address).
Result<FrontFrame> read_front_frame(std::string_view packet);

}  // namespace gk::tls
