#include "referee/offline/player.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gk::referee {
namespace {

struct MachineTraits {
  double frame, stalls_per_s, longest;
};
// Source: referee specification: frames of 7 to 80 ms; the stalls are chosen.
constexpr std::array<MachineTraits, kMachineClasses> kMachines = {
    {{0.007, 0, 0}, {0.0167, 0.03, 0.25}, {0.033, 0.06, 0.4}, {0.080, 0.1, 0.6}}};

}  // namespace

Player::Player(const Scenario& scenario, Dice& dice) : scenario_(scenario) {
  const MachineTraits& machine = kMachines[static_cast<std::size_t>(scenario.machine)];
  if (machine.stalls_per_s > 0)
    for (double t = dice.exponential(1 / machine.stalls_per_s); t < scenario.seconds;
         t += dice.exponential(1 / machine.stalls_per_s)) {
      const double length = std::min(machine.longest, 0.06 + dice.exponential(machine.longest / 3));
      stalls_.emplace_back(t, t + length);
      t += length;
    }
  game_ = dice.between(0, 1e4);
  skew_ = 1 + dice.between(-2e-4, 2e-4);  // Source: crystals of consumer machines, 200 ppm.
  straight_ = dice.chance(0.25);
  catches_up_ = dice.chance(0.5);
  heading_ = dice.between(0, 6.28);
}

void Player::plan_teleport(double at, Point target) { teleports_.emplace_back(at, target); }
void Player::plan_speed(double at, double factor, double duration) {
  effects_.push_back({at, at + duration, factor});
}
void Player::plan_knock(double at, Point velocity, double deceleration) {
  pushes_.push_back({at, velocity, deceleration});
}

double Player::machine_busy_until(double t) const {
  for (const auto& [begin, end] : stalls_)
    if (t >= begin && t < end) return end;
  return t;
}

double Player::frame_length(Dice& dice) {
  const double frame = kMachines[static_cast<std::size_t>(scenario_.machine)].frame;
  double dt = frame * dice.between(0.9, 1.1);
  while (next_stall_ < stalls_.size() && stalls_[next_stall_].second <= now_) ++next_stall_;
  if (next_stall_ < stalls_.size() && now_ + dt >= stalls_[next_stall_].first) {
    const double end = stalls_[next_stall_].second;
    stall_ = end - now_;
    dt = std::max(dt, stall_);
  }
  return dt;
}

void Player::choose_keys(double dt, Dice& dice) {
  if (now_ < keys_until_) return;
  keys_until_ = now_ + dice.exponential(1.5);
  running_ = straight_ || dice.chance(0.85);
  if (!straight_) heading_ = dice.between(0, 6.28);
  (void)dt;
}

double Player::speed_factor() const {
  double factor = 1;
  for (const Effect& effect : effects_)
    if (now_ >= effect.begin && now_ < effect.end) factor = std::max(factor, effect.factor);
  if (!cheating()) return factor;
  if (scenario_.cheat == Cheat::speed) return factor * scenario_.strength;
  const bool on = std::fmod(now_ - scenario_.cheat_from, 2) < 0.6;
  return scenario_.cheat == Cheat::duty_speed && on ? factor * scenario_.strength : factor;
}

void Player::apply_planned() {
  while (next_teleport_ < teleports_.size() && teleports_[next_teleport_].first <= now_) {
    position_ = teleports_[next_teleport_++].second;
    velocity_ = push_ = {};
    ground_ = position_.y;
    grounded_ = true;
  }
  while (next_push_ < pushes_.size() && pushes_[next_push_].at <= now_) {
    const Push& push = pushes_[next_push_++];
    push_ = push.velocity;
    push_slow_ = push.deceleration;
    if (push.velocity.y > 0 && solid()) {
      velocity_.y = std::max(velocity_.y, 0.0) + push.velocity.y;
      grounded_ = false;
    }
  }
}

void Player::move_flat(double dt) {
  const double speed = running_ ? kSpeed * speed_factor() : 0;
  position_.x += speed * std::cos(heading_) * dt;
  position_.z += speed * std::sin(heading_) * dt;
  const double push = std::hypot(push_.x, push_.z);
  if (push <= 0) return;
  // Exact for constant deceleration.
  const double time = std::min(dt, push / push_slow_);
  const double way = push * time - push_slow_ * time * time / 2;
  position_.x += push_.x / push * way;
  position_.z += push_.z / push * way;
  const double left = std::max(0.0, push - push_slow_ * dt) / push;
  push_.x *= left;
  push_.z *= left;
}

void Player::move_up(double dt, Dice& dice) {
  if (!solid()) return;
  if (cheating() && (scenario_.cheat == Cheat::flight || scenario_.cheat == Cheat::hover)) {
    if (hover_from_ < 0) hover_from_ = now_;
    const double top = scenario_.cheat == Cheat::flight ? 6 : 1.5;
    if (position_.y < ground_ + top) position_.y += std::min(kJump * 0.8 * dt, top);
    grounded_ = false;
    return;
  }
  if (grounded_ && dice.chance(0.02 * dt)) {  // Walks off a ledge, or up a step.
    ground_ += dice.chance(0.5) ? -dice.between(0.5, 6) : dice.between(0.1, 0.5);
    if (ground_ > position_.y)
      position_.y = ground_;
    else
      grounded_ = false;
    velocity_.y = 0;
  }
  if (grounded_ && now_ >= next_jump_) {
    next_jump_ = now_ + dice.exponential(1.5) + (straight_ ? 0.0 : 0.2);
    velocity_.y = kJump;
    grounded_ = false;
  }
  if (grounded_) return;
  position_.y += velocity_.y * dt - kGravity * dt * dt / 2;
  velocity_.y -= kGravity * dt;
  if (position_.y <= ground_ && velocity_.y <= 0) {
    position_.y = ground_;
    velocity_.y = 0;
    grounded_ = touched_ = true;
  }
}

void Player::cheat_jump(Dice& dice) {
  if (!cheating() || scenario_.cheat != Cheat::teleport || now_ < hover_from_) return;
  hover_from_ = now_ + dice.between(3, 8);
  const double angle = dice.between(0, 6.28);
  const double way = dice.between(3, 30);
  position_.x += way * std::cos(angle);
  position_.z += way * std::sin(angle);
}

int Player::frame(Dice& dice) {
  const double real = frame_length(dice);
  now_ += real;
  // Without catch-up the game's own time stands still in a stall.
  double dt = catches_up_ ? real : std::min(real, 0.1);
  if (cheating() && scenario_.cheat == Cheat::clock) dt *= scenario_.strength;
  game_ += dt * skew_;
  apply_planned();
  choose_keys(dt, dice);
  cheat_jump(dice);
  // Fine steps, so that a jump within a long frame lands where it should.
  for (double left = dt; left > 0; left -= 0.01) {
    move_flat(std::min(left, 0.01));
    move_up(std::min(left, 0.01), dice);
  }
  since_sent_ += real;
  if (cheating() && scenario_.cheat == Cheat::flood) return 15;
  if (since_sent_ < kInterval * 0.9) return 0;
  since_sent_ = 0;
  return 1;
}

}  // namespace gk::referee
