game.on("x", function() while true do end end)
