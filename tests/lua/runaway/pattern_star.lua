string.match(string.rep("a", 200), string.rep("a*", 20) .. "b")
