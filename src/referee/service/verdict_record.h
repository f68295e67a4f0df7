// verdict_record.h: a judged movement as people and pages see it, and its JSON.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json_writer.h"
#include "gamekeeper/referee_types.h"
#include "gamekeeper/time.h"

namespace gk::referee {

/// One judged movement.
struct VerdictRecord {
  std::uint64_t number = 0;  ///< Rises by one; "v<number>" is its id.
  std::string player;
  std::uint32_t sequence = 0;
  WallTime at{};
  MoveOutcome outcome = MoveOutcome::accepted;
  RefereeRule rule = RefereeRule::none;
  PlayerState state = PlayerState::ok;
  bool adjusted = false;
  bool shadow = false;  ///< Refused on paper only.
  float confidence = 0;
  Vec3 position, set_back;
  std::string smart_reason;  ///< In a smart mode: the set's own word.
  std::optional<Explanation> why;

  bool valid() const { return outcome == MoveOutcome::accepted; }
  bool refused() const { return outcome == MoveOutcome::rejected; }
};

std::string verdict_id(std::uint64_t number);
/// Nothing when `id` is not of that form.
std::optional<std::uint64_t> verdict_number(const std::string& id);

/// {x, y, z} as numbers.
void write_vector(JsonWriter& json, Vec3 v);
/// One sentence: why it was accepted or not.
std::string reason_of(const VerdictRecord& record);
/// "silence 820 ms seen by server", "RTT +310 ms", "server late 90 ms" or "no lag seen".
std::string credit_reason(const Explanation& why);
void write_explanation(JsonWriter& json, const VerdictRecord& record);
/// The verdict of the contract, whole.
void write_verdict_json(JsonWriter& json, const VerdictRecord& record);
std::string verdict_json(const VerdictRecord& record);

}  // namespace gk::referee
