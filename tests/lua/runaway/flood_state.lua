while true do state.set("a", {1, 2, 3}) end
