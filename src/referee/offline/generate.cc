#include "referee/offline/generate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "referee/offline/player.h"

namespace gk::referee {
namespace {

constexpr std::array<std::pair<Cheat, const char*>, 9> kCheats = {
    {{Cheat::none, "honest"},
     {Cheat::speed, "speed"},
     {Cheat::duty_speed, "duty_speed"},
     {Cheat::teleport, "teleport"},
     {Cheat::clock, "clock"},
     {Cheat::lag_switch, "lag_switch"},
     {Cheat::flood, "flood"},
     {Cheat::flight, "flight"},
     {Cheat::hover, "hover"}}};

/// The server's side and the link of one session; collects the events.
class Simulation {
 public:
  explicit Simulation(const Scenario& scenario)
      : scenario_(scenario),
        dice_(scenario.seed),
        link_(scenario.link, dice_.chance(0.5) ? Delivery::in_order : Delivery::datagrams,
              scenario.seconds + 5, dice_),
        tick_(dice_.chance(0.4) ? 0.05 : 0),
        pongs_by_network_(dice_.chance(0.5)),
        player_(scenario, dice_) {}

  Session run();

 private:
  void add_session(Session& session);
  void plan_declarations();
  void plan_overruns();
  void measure_round_trips();
  void send(double t);
  void send_claims(double t);
  double received(double arrival) const;
  TraceEvent& event(TraceKind kind, double r) {
    TraceEvent& e = events_.emplace_back();
    e.kind = kind;
    e.set(Num::r, r * 1000);
    return e;
  }
  double held_until(double t) const;

  const Scenario scenario_;
  Dice dice_;
  Link link_;
  double tick_;
  bool pongs_by_network_;
  Player player_;
  std::vector<TraceEvent> events_;
  std::vector<std::pair<double, double>> overruns_;
  double next_forged_ = 0;
  double sequence_ = 0;
};

/// Server receive time of an arrival: at the next tick, after an overrun.
double Simulation::received(double arrival) const {
  for (const auto& [begin, end] : overruns_)
    if (arrival >= begin && arrival < end) arrival = end;
  return tick_ > 0 ? std::ceil(arrival / tick_) * tick_ : arrival;
}

void Simulation::plan_overruns() {
  for (double t = dice_.exponential(60); t < scenario_.seconds; t += dice_.exponential(60)) {
    const double length = dice_.between(0.05, 0.3);
    overruns_.emplace_back(t, t + length);
    event(TraceKind::overrun, received(t)).set(Num::over, length * 1000);
  }
}

void Simulation::plan_declarations() {
  if (!scenario_.declared) return;
  for (double t = dice_.exponential(8) + 2; t < scenario_.seconds; t += dice_.exponential(8) + 1) {
    TraceEvent& e = event(TraceKind::declared, t);
    const double at = link_.down(t, dice_);
    switch (dice_.below(3)) {
      case 0: {
        const Point target{dice_.between(-500, 500), 0, dice_.between(-500, 500)};
        e.set(Text::type, "teleport");
        player_.plan_teleport(at, target);
        e.set(Num::x, target.x);
        e.set(Num::y, player_.solid() ? target.y : target.z);
        if (player_.solid()) e.set(Num::z, target.z);
        break;
      }
      case 1: {
        const double factor = dice_.between(1.2, 2.5);
        const double duration = dice_.between(1, 6);
        e.set(Text::type, "speed");
        e.set(Num::mul, factor);
        e.set(Num::dur, duration * 1000);
        player_.plan_speed(at, factor, duration);
        break;
      }
      default: {
        const double angle = dice_.between(0, 6.28);
        const double speed = dice_.between(5, 15);
        const double up = player_.solid() ? dice_.between(0, 6) : 0;
        e.set(Text::type, "knock");
        e.set(Num::vx, speed * std::cos(angle));
        e.set(player_.solid() ? Num::vz : Num::vy, speed * std::sin(angle));
        if (player_.solid()) e.set(Num::vy, up);
        e.set(Num::decel, 20);
        player_.plan_knock(at, {speed * std::cos(angle), up, speed * std::sin(angle)}, 20);
      }
    }
  }
}

void Simulation::measure_round_trips() {
  for (double t = 0.3; t < scenario_.seconds; t += 1) {
    double at = link_.ping(t, dice_);
    if (!pongs_by_network_) at = player_.machine_busy_until(at);
    const auto back = link_.pong(at, dice_);
    if (!back) continue;
    // The network thread stamps a pong before the tick does anything with it.
    event(TraceKind::rtt, received(*back)).set(Num::rtt, (*back - t) * 1000);
  }
}

/// A lag switch holds what is sent and lets it go at once.
double Simulation::held_until(double t) const {
  if (scenario_.cheat != Cheat::lag_switch || t < scenario_.cheat_from) return t;
  const double since = std::fmod(t - scenario_.cheat_from, 4);
  return since < 0.9 ? t - since + 0.9 : t;
}

void Simulation::send(double t) {
  const auto arrival = link_.up(held_until(t), dice_);
  const bool contact = player_.take_contact();
  ++sequence_;
  if (!arrival) return;
  TraceEvent& e = event(TraceKind::move, received(*arrival));
  e.set(Num::s, sequence_);
  if (scenario_.clock) e.set(Num::c, player_.clock() * 1000);
  const Point p = player_.position();
  e.set(Num::x, p.x);
  e.set(Num::y, player_.solid() ? p.y : p.z);
  if (player_.solid()) {
    e.set(Num::z, p.z);
    e.set(Num::g, contact ? 1 : 0);
  }
}

void Simulation::send_claims(double t) {
  const bool forging = scenario_.forged && t >= scenario_.cheat_from && t >= next_forged_;
  const double stall = player_.take_stall();
  if (!forging && stall < 0.1) return;
  if (forging) next_forged_ = t + 0.125;
  const auto arrival = link_.up(t, dice_);
  if (!arrival) return;
  TraceEvent& claim = event(TraceKind::claim, received(*arrival));
  claim.set(Num::c, player_.clock() * 1000);
  claim.set(Text::type, "stutter");
  claim.set(Text::sev, forging || stall > 0.3 ? "high" : "medium");
  claim.set(Num::dur, forging ? 800 : stall * 1000);
  if (!forging) return;
  TraceEvent& metrics = event(TraceKind::metrics, received(*arrival));
  metrics.set(Num::c, player_.clock() * 1000);
  metrics.set(Num::fps, 4);
  metrics.set(Num::score, 3);
}

void Simulation::add_session(Session& session) {
  session.id = std::to_string(scenario_.seed);
  std::string& label = session.cheat_label;
  label = cheat_name(scenario_.cheat);
  if (scenario_.cheat == Cheat::speed || scenario_.cheat == Cheat::clock ||
      scenario_.cheat == Cheat::duty_speed) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, scenario_.strength).ptr;
    label += "-" + std::string(text, end);
  }
  if (scenario_.forged) label += "+forged";
  TraceEvent first;
  first.kind = TraceKind::session;
  first.set(Text::mode, player_.solid() ? "3d" : "2d");
  first.set(Num::vmax, Player::kSpeed);
  first.set(Num::vup, Player::kJump);
  first.set(Num::grav, Player::kGravity);
  first.set(Num::nom, Player::kInterval * 1000);
  first.set(Text::link, link_name(scenario_.link));
  first.set(Text::machine, machine_name(scenario_.machine));
  if (scenario_.cheat != Cheat::none) {
    session.cheat_at_ms = (scenario_.cheat_from + traits_of(scenario_.link).delay) * 1000;
    first.set(Num::cheat_at, session.cheat_at_ms);
  }
  events_.insert(events_.begin(), first);
}

Session Simulation::run() {
  plan_overruns();
  plan_declarations();
  measure_round_trips();
  while (player_.now() < scenario_.seconds) {
    const int packets = player_.frame(dice_);
    for (int i = 0; i < packets; ++i) {
      if (i > 0) player_.nudge();
      send(player_.now());
    }
    send_claims(player_.now());
  }
  Session session;
  // Stable without std::stable_sort, which clang refuses with libstdc++ 12 (deprecated buffer).
  std::vector<std::size_t> order(events_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(events_[a][Num::r], a) < std::pair(events_[b][Num::r], b);
  });
  std::vector<TraceEvent> sorted;
  sorted.reserve(events_.size() + 2);
  for (const std::size_t i : order) sorted.push_back(std::move(events_[i]));
  events_ = std::move(sorted);
  add_session(session);
  event(TraceKind::end, 0).has_numbers = 0;
  session.events = std::move(events_);
  // The label's text belongs to the session, so it is set when nothing moves any more.
  return session;
}

}  // namespace

const char* machine_name(MachineClass machine) {
  constexpr std::array<const char*, kMachineClasses> kNames = {"fast", "normal", "slow", "poor"};
  return kNames[static_cast<std::size_t>(machine)];
}

const char* cheat_name(Cheat cheat) {
  return std::find_if(kCheats.begin(), kCheats.end(),
                      [&](const auto& entry) { return entry.first == cheat; })
      ->second;
}

Session generate(const Scenario& scenario) { return Simulation(scenario).run(); }

Result<Scenario> scenario_of(std::string_view name) {
  Scenario scenario;
  std::string_view rest = name;
  if (rest.ends_with("+forged")) {
    scenario.forged = true;
    rest.remove_suffix(7);
  }
  if (const auto dash = rest.find('-'); dash != std::string_view::npos) {
    const std::string_view number = rest.substr(dash + 1);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), scenario.strength);
    if (error != std::errc{} || end != number.data() + number.size())
      return Error{Errc::invalid_argument, "class " + std::string(name) + ": bad number"};
    rest = rest.substr(0, dash);
  }
  for (const auto& [cheat, label] : kCheats)
    if (rest == label) {
      scenario.cheat = cheat;
      if (cheat == Cheat::flight || cheat == Cheat::hover) scenario.space = Space::solid_3d;
      return scenario;
    }
  return Error{Errc::invalid_argument,
               "class: expected honest, speed-1.05, duty_speed-2, teleport, clock-1.05, "
               "lag_switch, flood, flight or hover, with +forged; got \"" +
                   std::string(name) + "\""};
}

}  // namespace gk::referee
