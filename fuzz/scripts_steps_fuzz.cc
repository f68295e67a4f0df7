// Lists of steps and schedules come from people: whatever the bytes, a program is read with nothing
// to complain about or not at all; what is read runs, within its bounds, and never writes a line
// end.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "macros/rules/schedule.h"
#include "macros/scripts/rules/step_check.h"
#include "macros/scripts/rules/step_run.h"

namespace {

void run(const gk::macros::StepProgram& program) {
  gk::macros::StepRun run(program, program.variables);
  gk::MonoTime now{std::chrono::hours(1)};
  const auto signals = [](std::string_view name) -> std::optional<double> {
    return name == "fps" ? std::nullopt : std::optional(0.5);
  };
  for (int moves = 0; moves < 200; ++moves) {
    const gk::macros::Move move = run.next(now, signals);
    if (move.kind == gk::macros::Move::Kind::done) return;
    if (move.text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) std::abort();
    if (move.kind == gk::macros::Move::Kind::send) {
      run.replied(std::string("a: \"b\"; c\nplayers: 3"));
    } else if (move.kind == gk::macros::Move::Kind::wait) {
      (void)run.line("*** 'x;y' entered and joined the game");
      now = std::max(now, move.until);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gk::macros;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Complaints complaints;
  const auto program = read_steps(text, complaints);
  if ((program == nullptr) == complaints.empty()) std::abort();
  if (program != nullptr) run(*program);
  (void)check_steps(text, CheckLevel::complete);
  (void)check_lua_text(text, CheckLevel::complete);
  (void)Condition::parse(text);
  if (const auto pattern = TextPattern::parse(text)) (void)pattern->match("a 'b' c");
  if (const auto cron = Cron::parse(text)) {
    Schedule schedule;
    schedule.cron = *cron;
    (void)next_time(schedule, Zone{}, gk::WallTime(gk::Seconds(1'780'000'000)));
  }
  if (const auto json = gk::parse_json(text)) (void)read_schedule(*json);
  return 0;
}
