// frames.h: the lines between the daemon and gamekeeper-notify: one JSON object a line.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/result.h"
#include "notices/rules/retry.h"

namespace gk::notices {

inline constexpr std::size_t kMaxFrame = 128 * 1024;  // Source: chosen; a notice is under 32 KiB

/// One POST.
struct PostRequest {
  std::uint64_t number = 0;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What the notifier says: that it is ready, or how a POST ended.
struct NotifierFrame {
  bool ready = false;
  std::string confinement;  ///< With `ready`: "landlock and seccomp" …
  std::uint64_t number = 0;
  Attempt attempt;
};

std::string post_frame(const PostRequest& request);
/// Errors: invalid_argument.
Result<PostRequest> read_post_frame(std::string_view line);

std::string ready_frame(std::string_view confinement);
std::string result_frame(std::uint64_t number, const Attempt& attempt);
/// Errors: invalid_argument.
Result<NotifierFrame> read_notifier_frame(std::string_view line);

/// Splits a stream into lines. Thread: compatible.
class LineBuffer {
 public:
  void append(std::string_view bytes) { bytes_.append(bytes); }
  /// The next whole line, without its end. Errors: resource_exhausted (longer than kMaxFrame).
  Result<bool> next(std::string& line);

 private:
  std::string bytes_;
};

/// `retry_after` (s) and `global` of a 429's JSON body; leaves `attempt` alone without them.
void read_retry_after(std::string_view body, Attempt& attempt);

}  // namespace gk::notices
