//! What tells languages of one script apart: their small words, endings of words, and letters.
//!
//! Function words and the commonest words of news; no names of firms, people or products. A word or an ending
//! that several languages share stands at each of them and weighs less for it.

/// What one language is known by.
pub(super) struct Row {
    /// Primary subtag.
    pub code: &'static str,
    /// Letters that it writes and some other language of the script does not.
    pub letters: &'static str,
    /// Common words, lower-case.
    pub words: &'static str,
    /// Endings of words, lower-case.
    pub ends: &'static str,
}

/// Languages in Latin letters; where all else is equal the earlier is meant.
pub(super) const LATIN: &[Row] = &[
    Row {
        code: "en",
        letters: "",
        words: "the of to for in on with and from by as at is are was be will would has have had its his her he she it \
                they their this that these not no more than how why what who when where which into up out off after \
                before over amid against says say said new first last next between about could may can must should or but \
                if an a i we you all some two three four five year years month week day today under during while since \
                until through despite across near ahead ago still only just also back south north east west southern \
                northern eastern western korean polish german french russian chinese japanese american world government \
                minister president prime court police army navy force forces defence defense military war deal talks sign \
                signs signed buy buys sell sells sales win wins won lead leads hit hits cut cuts rise rises fall falls \
                makes made make get gets take takes plan plans call calls set sets open opens face faces see sees show \
                shows backs killed dead top big high low best market markets shares price prices billion million bank \
                trade growth election vote state house law city people home team game season final cup goal coach report \
                news poland germany france russia turkey korea japan",
        ends: "ing ings ed ly tion tions ness ment ments ght ghts ship ty ies ers ists ish ry ght ck cks ll ss ould ble",
    },
    Row {
        code: "de",
        letters: "äöüß",
        words: "der die das und für mit von im zu auf bei nach über ein eine einen einem einer dem den des ist sind war \
                wird werden wurde hat haben nicht aus vor gegen will wollen kann können soll sollen muss um wie so wenn \
                als auch noch nur schon mehr weniger an am in es er sie sich ich wir zum zur bis seit ohne durch unter \
                zwischen während wegen trotz statt laut neue neuer neues neuen erste ersten zwei drei vier fünf jahr \
                jahre jahren tag tage woche monat heute uhr mann frau menschen land stadt regierung minister ministerin \
                präsident kanzler polizei gericht krieg bundeswehr milliarden millionen euro prozent deutsche deutschen \
                deutscher deutschland kein keine bleibt gibt geht kommt macht steht sagt fordert warnt gewinnt verliert \
                steigt steigen sinkt fällt plant prüft kauft baut polen russland frankreich südkorea tote sieg spiel \
                mannschaft tor zug auto schule kind volk stoppt öffnet schließt kritik entscheidung wahl partei chef \
                verdächtiger groß große viel viele mehrere alle gleiche verlangt preis preise bekommt verkauft liefert",
        ends: "ung ungen keit heit lich liche lichen isch ische ischen schaft tion ieren iert ein eit ern eln ßen tzt cht chen en er",
    },
    Row {
        code: "fr",
        letters: "éèêëàâçîïôûùœ",
        words: "le la les des du de et en un une pour avec sur dans par au aux que qui est sont pas plus après contre \
                entre ses son sa leur leurs ce cette ces il elle ils on nous vous l d s n qu à ou où mais comme sans sous \
                vers chez depuis avant pendant selon face être avoir fait faire veut peut va ont a été deux trois quatre \
                cinq premier première nouveau nouvelle nouveaux nouvelles ans an année mois jour jours semaine \
                gouvernement ministre président armée armées police guerre pays ville état milliards millions euros \
                français française france pologne allemagne russie corée nord sud morts mort prix hausse baisse tout tous \
                toute annonce appelle reste devient signe remporte fin match équipe accord",
        ends: "tion tions ment ments eux euse aire aires ique iques eur eurs ée ées és ait aient ois oise ance ence eau eaux elle elles ette ité tre",
    },
    Row {
        code: "es",
        letters: "áéíóúñü¿¡",
        words: "el la los las del de y en un una unos por para con que se su sus es son no más tras sobre entre contra \
                como al lo le les a o pero sin desde hasta hacia según ante bajo cuando donde ya si fue ser ha han hay \
                está están este esta estos años año mes día días semana dos tres cuatro cinco primer primera nuevo nueva \
                nuevos nuevas gobierno ministro ministra presidente presidenta policía ejército guerra país ley millones \
                mil euros dólares muertos precio precios gana pierde anuncia pide sube bajan baja abre cierra españa \
                español española polonia alemania rusia corea sur norte mundo equipo partido",
        ends: "ción ciones sión dad dades mente ado ados ada adas ido idos ando iendo iento ero eros era ico icos ica encia anza ismo ará irá ó ez os as",
    },
    Row {
        code: "it",
        letters: "àèéìòù",
        words: "il lo la i gli le di del della dei delle dello dell degli e ed in un una uno per con su sul sulla che da \
                dal dalla al alla alle ai agli non più tra fra contro nel nella nei nelle è sono sarà ha hanno ma come se \
                si anche dopo prima senza verso secondo quando dove chi questo questa l d c cosa anni anno mese giorno \
                giorni settimana due tre quattro cinque primo nuovo nuova nuovi nuove governo ministro presidente polizia \
                esercito guerra paese legge miliardi milioni euro morti prezzi prezzo vince perde italia italiano \
                italiana polonia germania russia corea sud nord mondo squadra partita ecco tutto tutti ora oggi",
        ends: "zione zioni sione mente ità are ere ire ato ati ata ate uto uti ando endo ento enti ello ella ghi gli cchi sta isti aggio iere iano gia",
    },
    Row {
        code: "pt",
        letters: "ãõáâàéêíóôúç",
        words: "o a os as de do da dos das em um uma para com por que no na nos nas não mais após sobre entre contra ao \
                aos à às pelo pela e é são foi ser tem têm há ou mas como se sem desde até quando onde já depois antes \
                seu sua seus suas este esta isso anos ano mês dia dias semana dois duas três quatro cinco primeiro \
                primeira novo nova novos novas governo ministro ministra presidente polícia exército guerra país lei \
                milhões mil euros reais mortos preço preços vence perde anuncia diz pede quer sobe cai abre fecha \
                portugal brasil português brasileiro polónia polônia alemanha rússia coreia sul norte mundo jogo vitória \
                equipa golo gol comboio trem carro escola criança mulher homem povo crítica decisão eleições partido \
                líder suspeito grande muito muitos vários todos mesmo armas envio descarta segue",
        ends: "ção ções são dade dades mente ado ados ada adas ido idos ando endo indo ento eiro eira eiros ência ância agem ismo ará irá ou eu nho nha lho lha ões ão os as",
    },
    Row {
        code: "nl",
        letters: "ëïéè",
        words: "de het een en van voor met op te in aan bij naar uit over door niet is zijn was wordt worden werd tegen \
                na om dat die dit deze ook nog maar meer minder dan als of er hij ze wij we u hun haar hebben heeft had \
                kan kunnen moet moeten wil willen zal gaat komt krijgt blijft staat maakt zegt tot tussen onder tijdens \
                zonder sinds vanaf volgens geen veel nieuwe nieuw eerste twee drie vier vijf jaar jaren maand week dag \
                dagen vandaag mensen land stad regering minister president koning politie rechter leger oorlog miljard \
                miljoen euro procent nederland nederlandse duitse franse russische polen duitsland rusland frankrijk zuid \
                noord dood doden wint verliest stijgt daalt koopt bouwt overwinning wedstrijd ploeg trein auto school \
                kind vrouw man volk stopt opent sluit kritiek besluit verkiezingen partij leider verdachte groot grote \
                meerdere alle zelfde vraagt prijs prijzen pakt kiest houdt",
        ends: "heid lijk lijke ijk ijke ijf ijn ing ingen tie ties aan aar oor eer aal oot eel aat ijd een sch sche tje jes gen den ten",
    },
    Row {
        code: "pl",
        letters: "ąćęłńóśźż",
        words: "i w z na do od za po dla o się nie jest są był była było będzie będą przez nad pod przed że to jak we ze \
                ma mają oraz dwa dwie trzy cztery pięć nowe nowy nowa nowych pierwszy pierwsze pierwszych czy ale już \
                tylko jeszcze bez przy między u co kto gdzie kiedy także który która które tym tego ten ta te jego jej \
                ich rok roku lat lata dni dzień tydzień miesiąc dziś wczoraj rząd minister prezydent premier policja \
                wojsko wojna armia sąd sejm kraj miasto mld mln zł złotych proc ludzi osób polska polski polskie polskich \
                polsce niemcy niemiec rosja rosji korea chce może wygrał wygrała zmarł rośnie spada kupi podpisał \
                zwycięstwo mecz drużyna gol pociąg samochód szkoła dziecko kobieta mężczyzna naród otwiera zamyka krytyka \
                decyzja wybory partia lider podejrzany duży dużo wiele kilka wszystko cena ceny żąda mieście",
        ends: "ów ego emu ych ich ymi ość ości anie enie ania enia eniu ski ska skie skich ską ają ują ował owała owy owe owych ami ach iem cja cji cję ej ie ię",
    },
    Row {
        code: "ro",
        letters: "ăâîșțşţ",
        words: "și de la în din pe cu pentru a al ale ai o un una unui unei că nu mai este sunt fost fi va vor au ar prin \
                despre după între lui lor să se care ce cum dar sau iar fără până spre sub peste către față împotriva doi \
                două trei patru cinci noi nou nouă noua primul prima an ani anul anului luni zi zile săptămână azi astăzi \
                guvernul guvern ministrul ministru președintele poliția armata război țară țara legea lei miliarde \
                milioane euro români române român românia romania polonia germania rusia coreea sud nord spune anunță \
                cere vrea crește scade câștigat acord victorie meci echipa gol tren mașină școală copil femeie bărbat \
                popor deschide închide critică decizie alegeri partid lider suspect mare mult multe toate același preț \
                prețul",
        ends: "ului ilor elor rea ția ție ții iei ează esc ește ește ul urile uri lor ăm ați eală ori ani ești oare ite ate ată în ți ri",
    },
    Row {
        code: "cs",
        letters: "áčďéěíňóřšťúůýž",
        words: "a v na do od za po pro o se si je jsou jsem byl byla bylo byli bude budou s z že k ve ze jak i ale už jen \
                ještě bez při mezi před pod nad podle proti co kdo kde kdy který která které tak jako není nebo také jeho \
                její jejich nové nový nová nových první dva dvě tři čtyři pět rok roku let roky dní den týden měsíc dnes \
                včera vláda ministr prezident premiér policie armáda válka soud země město lidí lidé miliard milionů \
                korun procent česko čeští český česká české česku polsko německo rusko chce může vyhrál zemřel roste \
                klesá koupí podepsal vítězství zápas tým gól vlak auto škola dítě žena muž lid zastavil otevřel zavřel \
                kritika rozhodnutí volby strana vůdce obviněn velký mnoho více všechno stejný žádá cena ceny vede stovky \
                zvýší",
        ends: "ého ému ých ými ím ství ost osti ění ání ení uje ují oval ovala ský ská ské ové ách ům ech ami cí ní ly la ou ci",
    },
    Row {
        code: "sk",
        letters: "áäčďéíĺľňóôŕšťúýž",
        words: "a v na do od za po pre o sa si je sú som bol bola bolo boli bude budú s z že k vo zo ako aj i ale už len \
                ešte bez pri medzi pred pod nad podľa proti čo kto kde kedy ktorý ktorá ktoré tak nie alebo tiež jeho jej \
                ich nové nový nová nových prvý prvé prvá dva dve tri štyri päť rok roku rokov dní deň týždeň mesiac dnes \
                včera vláda minister prezident premiér polícia armáda vojna súd krajina mesto ľudí ľudia miliárd miliónov \
                eur percent slovensko slovenský slovenská slovenské slovensku poľsko nemecko rusko chce môže vyhral \
                zomrel rastie klesá kúpi podpísal víťazstvo zápas tím gól vlak auto škola dieťa žena muž ľud zastavil \
                otvoril zatvoril kritika rozhodnutie voľby strana vodca obvinený veľký veľa viac všetko rovnaký žiada \
                cena ceny vedie stovky zvýši",
        ends: "ého ému ých ými ím stva ost osti enie anie ania enia uje ujú oval ovala ský ská ské ové ách om och ami cia cie cii ov ať iť ť li la ou",
    },
    Row {
        code: "hu",
        letters: "áéíóöőúüű",
        words: "a az és egy nem is hogy meg el be ki le fel már még csak de ha vagy mint volt van lesz lett lehet kell \
                után előtt alatt miatt szerint között ellen nélkül mellett felé által nagy új első két kettő három négy \
                öt év éve évi évben nap hét hónap ma tegnap kormány miniszter elnök rendőrség hadsereg háború bíróság \
                ország város ember milliárd millió forint euró százalék magyar magyarország német lengyel orosz több sok \
                jövő ezt ez azt aki ami mert ő itt így vett nyert meghalt győzelem mérkőzés csapat gól vonat autó iskola \
                gyerek nő férfi nép nyitott zárt kritika döntés választás párt vezető gyanúsított mind ugyanaz kér ár ára",
        ends: "ban ben nak nek ság ség ról ről ból ből tól től val vel hoz hez höz ért kor tak tek ott ett ött ják jét ját nál nél ára ére ára ása ése tás tés ója ői ai ei ok ek ök et ot át ét",
    },
    Row {
        code: "tr",
        letters: "çğıöşüâî",
        words: "ve bir bu için ile de da ne çok en daha olan olarak oldu olacak gibi kadar sonra önce yeni ilk iki üç \
                dört beş göre karşı ama veya ya mi değil var yok her şu o ki hem ise bile büyük son yıl yılı yılda gün \
                hafta ay bugün dün başkanı başkan bakan bakanı bakanlığı cumhurbaşkanı hükümet polis ordu savaş mahkeme \
                ülke şehir kişi milyar milyon lira yüzde türkiye türk polonya almanya rusya güney kuzey etti edildi dedi \
                açıkladı yaptı aldı geldi kazandı gol maç takım zafer maçı takımı golü tren araba okul çocuk kadın adam \
                halk durdu açıldı kapandı eleştiri karar seçim parti lider şüpheli birçok bütün aynı istiyor fiyat fiyatı \
                teslim",
        ends: "lar ler ları leri lerin ların dan den tan ten yor mış miş muş müş dı di du dü tı ti tu tü ecek acak nin nın nun nün lık lik luk lük ında inde ına ine ını ini yle sı si cı ci ası esi ması mesi",
    },
    Row {
        code: "sv",
        letters: "åäöé",
        words: "och i att en ett på av för med till från som är om vid inte efter över ny nya nytt den det de var har \
                hade blir ska kan vill får under mot mellan utan hos eller men när hur vad vem nu mer än sin sitt sina \
                två tre fyra fem första år året dag vecka månad regeringen minister statsministern polisen kriget landet \
                miljarder miljoner kronor procent sverige svensk svenska polen tyskland ryssland norge dog döda säger \
                vinner köper bygger inför sedan blev fick vann matchen laget mål seger spel tog tåg bil skola barn kvinna \
                män folk stoppar öppnar stänger ökar minskar kritik beslut valet partiet ledare åtal gripen åker stor \
                stora mycket många flera fler alla samma",
        ends: "ning ningen ningar het are arna orna erna ade ande tion tionen tioner ens skt ska igt liga ats tets lig ar or na",
    },
    Row {
        code: "no",
        letters: "æøåé",
        words: "og i å en et ei på av for med til fra som er om ved ikke etter over ny nye nytt den det de var har hadde \
                blir skal kan vil får under mot mellom uten hos eller men når hvordan hva hvem nå mer enn sin sitt sine \
                to tre fire fem første år året dag uke måned regjeringen statsråd statsministeren politiet krigen landet \
                milliarder millioner kroner prosent norge norsk norske polen tyskland russland sverige døde sier vinner \
                kjøper bygger før siden ble fikk seg ha vant kampen laget mål seier spill tok tog bil skole barn kvinne \
                menn folk stanser åpner stenger øker synker kritikk vedtak valget partiet leder siktet pågrepet drar stor \
                store mye mange flere alle samme krever opp ned nyvalg melder ifølge",
        ends: "ning ningen ninger het ere ene ende sjon sjonen else elsen eren skap lig lige sk ske te et er a",
    },
    Row {
        code: "da",
        letters: "æøåé",
        words: "og i at en et på af for med til fra som er om ved ikke efter over ny nye nyt den det de var har havde \
                bliver skal kan vil får under mod mellem uden hos eller men når hvordan hvad hvem nu mere end sin sit \
                sine to tre fire fem første år året dag uge måned regeringen minister statsministeren politiet krigen \
                landet milliarder millioner kroner procent danmark dansk danske polen tyskland rusland sverige døde siger \
                vinder køber bygger før siden blev fik sig frem vandt kampen holdet mål sejr spil tog bil skole barn \
                kvinde mænd folk stopper åbner lukker stiger falder kritik beslutning valget partiet leder sigtet anholdt \
                tager stor store meget mange flere alle samme kræver op ned ifølge aftale køb",
        ends: "ning ningen ninger hed ere ene ende tion tionen tioner else elsen eren skab lig lige sk ske te et er erne",
    },
    Row {
        code: "fi",
        letters: "äöå",
        words: "ja on ei se että kuin myös mutta jo yli uusi uuden uusia ovat oli olivat sekä kun tai hän he ne nyt vain \
                enää vielä jälkeen ennen kanssa ilman vastaan mukaan takia kautta aikana mitä kuka miten miksi voi saa \
                sai tulee aikoo haluaa kaksi kolme neljä viisi ensi ensimmäinen vuosi vuoden vuonna päivä viikko kuukausi \
                tänään eilen hallitus ministeri presidentti poliisi armeija sota maa maan kaupunki ihmistä miljardia \
                miljoonaa euroa prosenttia suomi suomen suomessa suomalainen puola saksa venäjä ruotsi norja voitti kuoli \
                sanoo ottelu maalin junat auto koulu lapsi nainen mies kansa pysäytti avaa sulki kasvaa laskee kritiikki \
                päätös vaalit puolue johtaja epäilty iso suuri paljon monta useita kaikki sama kertoi vaatii sadat hinta \
                uutta",
        ends: "ssa ssä sta stä lla llä lta ltä lle ksi inen isen ista istä iset vat vät mme aan ään een iin oon uun uus yys tta ttä sti ja jä den jen nen ut yt nsa nsä",
    },
    Row {
        code: "et",
        letters: "äöõüšž",
        words: "ja on ei see et kui ka aga juba üle uus uue uute uusi oli olid ning või ta nad nüüd ainult veel pärast \
                enne koos ilma vastu järgi tõttu ajal mida kes kuidas miks võib sai saab tuleb tahab kaks kolm neli viis \
                esimene aasta aastal aastat päev nädal kuu täna eile valitsus minister president politsei kaitsevägi sõda \
                riik linn inimest miljardit miljonit eurot protsenti eesti eestis poola saksa vene soome rootsi norra \
                võitis suri ütles järgmise tuleval võttis võit mäng meeskond värav rong auto kool laps naine mees rahvas \
                peatas avab sulgeb kasvab langeb kriitika otsus valimised erakond juht kahtlustatav suur palju mitu kõik \
                sama sõnul nõuab hind uut lepingu",
        ends: "sse st le lt ks ga mine mise mist tud dud vad vat ud sid nud ne da ta es el aks ik use us te de id ist",
    },
    Row {
        code: "lv",
        letters: "āčēģīķļņšūž",
        words: "un ir ar par no uz pie pēc pirms bez starp pret līdz kā ka lai vai arī bet vēl jau tikai nav bija būs to \
                tas tā šis viņš kas kur kad jo gan nevis divi divas trīs četri pieci pirmais pirmo jauns jauna jaunu \
                jaunus gada gadā gads gadu diena nedēļa nedēļu mēnesis šodien vakar valdība ministrs prezidents policija \
                armija karš tiesa valsts pilsēta cilvēki miljardi miljoni eiro latvija latvijas latvijā latvijai polijas \
                vācijas krievija krievijas dienvidu sāk uzvar saka uzvara spēle komanda vārti vilciens auto skola bērns \
                sieviete vīrietis tauta aptur atver slēdz aug krīt kritika lēmums vēlēšanas partija vadītājs aizturēts \
                liels daudz vairāki visi pats teikts pieprasa cena cenas jaunās",
        ends: "šana šanas šanu ums umu ijas iju iem ām ajā ajai ais ies īs as us jas ju ību ība bas tāji tājs ējs tas ts ta tu āk ā ē ī ū",
    },
    Row {
        code: "lt",
        letters: "ąčęėįšųūž",
        words: "ir į iš su už dėl prie po prieš be tarp iki kaip kad ar bet dar jau tik nėra yra buvo bus tai šis jis kas \
                kur kada nuo apie pagal per o ne du dvi trys keturi penki pirmas pirmasis naujas nauja naujų naują naujus \
                metų metai metus metais diena savaitę savaitė mėnuo šiandien vakar vyriausybė ministras prezidentas \
                premjeras policija kariuomenė karas teismas šalis miestas žmonės žmonių milijardų milijonų eurų lietuva \
                lietuvos lietuvoje lenkijos vokietijos rusija rusijos pietų kitų sako laimėjo pergalė rungtynės komanda \
                įvartis traukinys automobilis mokykla vaikas moteris vyras tauta sustabdė atidaro uždaro auga krinta \
                kritika sprendimas rinkimai partija vadovas sulaikytas didelis daug keli visi pats teigia reikalauja \
                kaina kainos",
        ends: "imas imo imų ais iai ių uose ose ėse ės as is us jo ijos ija iją tas tų tis tys čių yti uoti avo ėjo usi iams ams iui ui ą ę ų ė",
    },
    Row {
        code: "hr",
        letters: "čćđšž",
        words: "i u na za od do s sa iz po o se je su nije nisu bio bila bilo biti će neće da ne a ali ili kao kad kako \
                što tko gdje koji koja koje već još samo bez pri između prije poslije nakon protiv prema zbog jer ima dva \
                dvije tri četiri pet prvi prva prvo novi nova novo novih novu godine godina godinu dan dana tjedan tjedna \
                mjesec danas jučer vlada ministar predsjednik premijer policija vojska rat sud zemlja grad ljudi \
                milijardi milijuna eura posto hrvatska hrvatske hrvatskoj hrvatski srbija srbije njemačka rusija \
                pobijedio umro pobjeda utakmica momčad gol vlak auto škola dijete žena muškarac narod zaustavio otvorio \
                zatvorio raste pada kritika odluka izbori stranka vođa uhićen velik velika mnogo više sve isti traži \
                cijena cijene uoči prošle",
        ends: "oga ega og eg ih im ima ost osti anje enje anja enja ski ska ske skom skog ovi eva ije ija iju ila ilo ili io ao la lo li om em",
    },
    Row {
        code: "sl",
        letters: "čšž",
        words: "in v na za od do s z iz po o se je so ni niso bil bila bilo biti bo bodo da ne a ali pa kot ko kako kaj \
                kdo kje ki že še samo brez pri med pred proti zaradi ker ima tudi dva dve tri štiri pet prvi prva novi \
                nova novo novih novega leta leto let dan dni teden mesec danes včeraj vlada minister predsednik premier \
                policija vojska vojna sodišče država mesto ljudi milijard milijonov evrov odstotkov slovenija slovenije \
                sloveniji slovenski nemčija rusija zmagal umrl zmaga tekma ekipa gol vlak avto šola otrok ženska moški \
                narod ustavil odprl zaprl raste pada kritika odločitev volitve stranka vodja prijet velik velika veliko \
                več vse isti zahteva cena cene pogodbo dveh",
        ends: "ega emu ih im imi ost osti anje enje anja enja ski ska ske skem skega ovi eva ije ija ijo ila ilo ili al el jal no nje ju ev ov om",
    },
    Row {
        code: "sr",
        letters: "čćđšž",
        words: "i u na za od do s sa iz po o se je su nije nisu bio bila bilo biti će neće da ne a ali ili kao kad kako \
                šta ko gde koji koja koje već još samo bez pri između pre posle nakon protiv prema zbog jer ima dva dve \
                tri četiri pet prvi prva prvo novi nova novo novih novu godine godina godinu dan dana nedelja nedelje \
                mesec danas juče vlada ministar predsednik premijer policija vojska rat sud zemlja grad ljudi milijardi \
                miliona evra odsto srbija srbije srbiji srpski beograd beogradu nemačka rusija pobedio umro",
        ends: "oga ega og eg ih im ima ost osti anje enje anja enja ski ska ske skom skog ovi eva ije ija iju ila ilo ili io ao la lo li om em",
    },
    Row {
        code: "vi",
        letters: "ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ",
        words: "và của là có cho trong với được không người một các những này khi từ đến đã sẽ tại về ra vào năm ngày sau \
                trước trên dưới theo bị hai ba bốn mới nhất việt nam quốc tổng thống thủ tướng bộ trưởng",
        ends: "",
    },
    Row {
        code: "id",
        letters: "",
        words: "yang dan di ke dari untuk dengan pada dalam ini itu tidak akan telah sudah oleh sebagai adalah atau juga \
                karena setelah sebelum saat hingga lebih tahun hari bulan minggu orang dua tiga empat lima baru pertama \
                jadi ada bisa harus para atas antara terhadap tentang menjelang usai lagi masih belum presiden menteri \
                perdana pemerintah polisi tentara perang negara kota miliar juta rupiah dolar persen indonesia jerman \
                rusia korea selatan utara menang kalah tewas harga naik turun kata laga tim gol kereta mobil sekolah anak \
                perempuan pria rakyat buka tutup kritik keputusan pemilihan partai pemimpin tersangka besar banyak \
                beberapa semua sama kerja hukum pasar bank saham pembangunan ratusan ribu",
        ends: "kan nya annya asi kannya isasi ngan tan han ran gan lah",
    },
    Row {
        code: "ca",
        letters: "àçèéíïòóúü·",
        words: "el la els les del dels de i en un una per amb que es se no més sobre entre contra com al als a o però \
                sense des fins ha han és són aquest aquesta seva seu anys any dia dos tres quatre cinc primer nou nova \
                govern ministre president policia guerra país llei milions euros catalunya català catalana després",
        ends: "ció cions tat tats ment at ats ada ades it its nt ques ència ança eix ç",
    },
    Row {
        code: "is",
        letters: "áæðéíóöþúý",
        words: "og í á að er um til með við frá af fyrir en sem ekki var eftir yfir ný nýja það hann hún þeir þetta ár \
                ríkisstjórn forseti lögreglan íslands ísland",
        ends: "inn inum ur um ir ar arnir unum anna lega",
    },
    Row {
        code: "sq",
        letters: "ëç",
        words: "dhe të në e i për me nga një që është janë nuk më se si do ka u pas kundër mes tre dy re ri vit viti \
                qeveria ministri presidenti kryeministri policia shqipëria shqipërisë kosova kosovës lufta euro",
        ends: "ës ën ët isë uar oi ve ëve sht në it in",
    },
    Row {
        code: "az",
        letters: "əçğıöşü",
        words: "və bir bu üçün ilə də da ki ən daha olan kimi sonra yeni ilk iki üç isə edib olub azərbaycan prezident \
                nazir naziri hökumət polis ordu müharibə ölkə milyon il ildə gün",
        ends: "lar lər ları ləri dan dən nin nın ib ıb ub üb dir dır acaq əcək sında ində",
    },
    Row {
        code: "tl",
        letters: "",
        words: "ang ng sa mga na ay ni kay si at para hindi may ito pa rin din nang bagong dalawang tatlong pangulo pulis \
                bansa taon araw pilipinas ukol dahil",
        ends: "",
    },
    Row {
        code: "af",
        letters: "êëôûîé",
        words: "die en van vir met op te in aan by na uit oor deur nie is was het sal word om dat wat ook nog maar meer \
                as of hy hulle kan moet wil tot tussen onder sonder geen baie nuwe eerste twee drie vier vyf jaar week \
                dag mense land stad regering president polisie leër oorlog miljard miljoen suid noord n sê wen",
        ends: "heid lik like ing asie aan aar oor eer aal yn yk ies",
    },
];
