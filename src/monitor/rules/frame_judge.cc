#include "monitor/rules/frame_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gk::monitor {
namespace {

constexpr std::uint32_t kLonger = std::numeric_limits<std::uint32_t>::max();
// A clock is read before its value is stored. Source: chosen; both are one clock of one kernel.
constexpr std::int64_t kClockSlackNs = 1'000'000;

std::string seconds_text(Nanos time) {
  const auto tenths = std::chrono::duration_cast<Millis>(time).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

/// The durations of the newest `count` frames add up to the time that passed, when all are there.
bool adds_up(const FramePage& page, std::uint64_t count, std::int64_t passed_ns) {
  if (count > kFrameSlots) return true;
  std::int64_t sum_us = 0;
  for (std::uint64_t i = page.frames - count; i < page.frames; ++i) {
    const std::uint32_t us = page.ring[i % kFrameSlots];
    if (us == kLonger) return true;
    sum_us += us;
  }
  // Each is cut to whole µs.
  const auto cut = static_cast<std::int64_t>(count) + 1;
  const std::int64_t passed_us = passed_ns / 1000;
  return sum_us <= passed_us + 1 && sum_us + cut >= passed_us;
}

}  // namespace

std::string FrameJudge::lie_in(const FramePage& page, MonoTime now) const {
  if (page.magic != kFrameMagic || page.slots != kFrameSlots) return "this is no page of frames";
  if (page.last_ns < 0 || page.last_ns > now.time_since_epoch().count() + kClockSlackNs) {
    return "its last frame lies ahead of the clock";
  }
  if (!has_before_) return "";
  if (page.frames < frames_ || page.last_ns < last_ns_) return "its count or its clock went back";
  const std::uint64_t count = page.frames - frames_;
  const std::int64_t passed_ns = page.last_ns - last_ns_;
  if (count == 0) return passed_ns == 0 || frames_ == 0 ? "" : "its clock went on without a frame";
  if (frames_ == 0) return "";  // The first frame began before anything was counted.
  if (static_cast<double>(count) > kMaxFps * static_cast<double>(passed_ns) / 1e9 + 1) {
    return "it counts more than 10,000 frames a second";
  }
  if (!adds_up(page, count, passed_ns)) return "its frames do not add up to the time that passed";
  return "";
}

FrameNews FrameJudge::distrust(std::string why, MonoTime now) {
  has_before_ = false;
  moved_.reset();
  distrusted_until_ = now + kDistrust;
  last_lie_ = std::move(why);
  FrameNews news;
  news.trouble = "frames: " + last_lie_;
  news.lie = true;
  return news;
}

FrameNews FrameJudge::unreadable(std::string why, MonoTime now) {
  return distrust(std::move(why), now);
}

FrameNews FrameJudge::judge(const FramePage& page, MonoTime now, Nanos interval) {
  if (std::string lie = lie_in(page, now); !lie.empty()) return distrust(std::move(lie), now);
  FrameNews news;
  const bool compares = std::exchange(has_before_, true) && frames_ > 0;
  const std::uint64_t count = compares ? page.frames - frames_ : 0;
  const std::int64_t passed_ns = page.last_ns - last_ns_;
  if (page.frames != frames_ || !moved_) moved_ = now;
  frames_ = page.frames;
  last_ns_ = page.last_ns;
  if (now < distrusted_until_) {
    news.trouble = "frames: not believed for 10 s, because " + last_lie_;
    return news;
  }
  if (count > 0 && passed_ns > 0) {
    news.fps = std::min(kMaxFps, static_cast<double>(count) * 1e9 / static_cast<double>(passed_ns));
    for (std::uint64_t i = page.frames - std::min<std::uint64_t>(count, kFrameSlots);
         i < page.frames; ++i) {
      news.frame_ms.push_back(page.ring[i % kFrameSlots] / 1000.0);
    }
    return news;
  }
  return silence(now, interval);
}

FrameNews FrameJudge::torn(MonoTime now, Nanos interval) {
  if (!moved_) moved_ = now;
  return silence(now, interval);
}

FrameNews FrameJudge::silence(MonoTime now, Nanos interval) const {
  FrameNews news;
  const Nanos passed = now - *moved_;
  if (passed >= std::max(2 * interval, kLeastSilence)) {
    news.trouble = "frames: none for " + seconds_text(passed);
  }
  return news;
}

}  // namespace gk::monitor
