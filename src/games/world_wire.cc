#include "games/wire.h"

namespace gk::games {
namespace {

class ClosedWire final : public Wire {
 public:
  ClosedWire(const LinkEnvironment& e, WireHandlers h)
      : handlers_(std::move(h)), soon_(e.loop.after(Nanos(0), [this] {
          const auto on_closed = handlers_.on_closed;
          on_closed({Errc::unavailable, "not built yet"});
        })) {}
  Result<void> write(std::string_view) override {
    return Error{Errc::failed_precondition, "not open"};
  }

 private:
  const WireHandlers handlers_;
  net::Handle soon_;
};

}  // namespace

std::unique_ptr<Wire> open_world_wire(const LinkEnvironment& environment, const GameSettings&,
                                      WireHandlers handlers) {
  return std::make_unique<ClosedWire>(environment, std::move(handlers));
}

}  // namespace gk::games
