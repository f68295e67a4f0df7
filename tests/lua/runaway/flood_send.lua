while true do game.send("list") end
