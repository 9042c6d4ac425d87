//! Words that names are often mistaken for, and Han characters with more than one form.
//!
//! Small tables for a warning, not dictionaries: what is missing here is only not warned of.

use crate::domain::matching::script::{Kind, kind_of};

/// Korean nouns that firms and countries are named by, with what else they mean.
pub(super) const KOREAN: [(&str, &str); 23] = [
    ("고려", "consideration"),
    ("국제", "international"),
    ("기아", "famine"),
    ("대상", "target"),
    ("대우", "treatment"),
    ("대한", "about"),
    ("동부", "eastern part"),
    ("동서", "east and west"),
    ("동양", "the Orient"),
    ("미래", "future"),
    ("사과", "apple, apology"),
    ("삼성", "three stars"),
    ("수성", "defence, Mercury"),
    ("신라", "a kingdom"),
    ("우리", "we"),
    ("이란", "called"),
    ("인도", "delivery"),
    ("제일", "first, most"),
    ("조선", "shipbuilding, a kingdom"),
    ("태양", "the sun"),
    ("하나", "one"),
    ("현대", "modern times"),
    ("효성", "filial piety"),
];

/// English words that firms, products and places are named by.
pub(super) const ENGLISH: [&str; 72] = [
    "ace",
    "amazon",
    "apple",
    "arrow",
    "atlas",
    "boxer",
    "caterpillar",
    "chad",
    "chase",
    "china",
    "circle",
    "compass",
    "corona",
    "crown",
    "delta",
    "discovery",
    "dove",
    "eagle",
    "echo",
    "ford",
    "fox",
    "galaxy",
    "gap",
    "general",
    "georgia",
    "griffin",
    "guard",
    "hawk",
    "hope",
    "hunter",
    "jaguar",
    "jordan",
    "lance",
    "leopard",
    "lynx",
    "mars",
    "match",
    "meta",
    "mobile",
    "orange",
    "oracle",
    "panther",
    "patriot",
    "peak",
    "pioneer",
    "polish",
    "puma",
    "python",
    "ranger",
    "reading",
    "rover",
    "shell",
    "shield",
    "signal",
    "spark",
    "spike",
    "sprint",
    "square",
    "stinger",
    "swift",
    "target",
    "tempest",
    "thunder",
    "tiger",
    "total",
    "trophy",
    "turkey",
    "union",
    "unity",
    "viper",
    "visa",
    "wolf",
];

/// Simplified and traditional forms of common characters of names.
const FORMS: &str = "韩韓 国國 军軍 战戰 舰艦 机機 导導 弹彈 车車 飞飛 电電 业業 东東 贸貿 产產 际際 总總 团團 会會 \
    关關 发發 动動 门門 长長 马馬 龙龍 华華 兰蘭 罗羅 亚亞 乌烏 纳納 纽紐 约約 维維 纶綸 丽麗 宁寧 庆慶 广廣 应應 \
    开開 张張 钢鋼 铁鐵 银銀 铝鋁 锦錦 链鏈 阳陽 阴陰 队隊 陆陸 难難 顺順 韦韋 鱼魚 鸟鳥 鹰鷹 鹏鵬 齐齊 轮輪 \
    轻輕 载載 辆輛 过過 运運 进進 远遠 连連 适適 递遞 邮郵 医醫 释釋 针針 销銷 闻聞 刚剛 剑劍 务務 劳勞 势勢 协協 \
    卫衛 厂廠 厅廳 历歷 县縣 参參 双雙 号號 启啟 员員 响響 园園 图圖 圣聖 场場 坚堅 坛壇 垒壘 声聲 备備 复復 头頭 实實 宝寶 \
    对對 寻尋 将將 尔爾 层層 岛島 币幣 师師 帅帥 带帶 帮幫 库庫 庄莊 异異 归歸 录錄 径徑 怀懷 态態 惊驚 戏戲 扬揚 护護 报報 \
    担擔 拟擬 择擇 击擊 损損 换換 据據 摄攝 数數 无無 时時 显顯 晋晉 权權 条條 来來 极極 枪槍 构構 标標 样樣 桥橋 检檢 楼樓 \
    欧歐 气氣 汉漢 汇匯 汤湯 沟溝 没沒 泽澤 测測 济濟 涛濤 润潤 湾灣 满滿 潜潛 灵靈 热熱 爱愛 独獨 环環 现現 玛瑪 盐鹽 \
    盖蓋 盘盤 码碼 确確 礼禮 离離 种種 积積 称稱 穷窮 竞競 笔筆 节節 范範 红紅 级級 纪紀 组組 织織 终終 结結 给給 绝絕 统統 \
    继繼 续續 绿綠 网網 联聯 职職 胜勝 艺藝 苏蘇 药藥 莱萊 萨薩 蓝藍 虑慮 虽雖 补補 装裝 规規 视視 觉覺 计計 订訂 认認 议議 \
    讯訊 许許 论論 设設 证證 评評 试試 话話 该該 语語 说說 请請 诸諸 诺諾 调調 谈談 贝貝 财財 责責 货貨 购購 费費 资資 赛賽 赢贏";

/// Whether a text has a character in the form that only Japanese uses.
pub(super) fn is_japanese(text: &str) -> bool {
    text.contains(|c| {
        "圧囲営応価戦権検験県駆産鉄関弾総団広対図竜気発単売変徳拡択沢浜焼薬軽転歩両労仏".contains(c)
    })
}

/// Whether a text is Han characters and nothing else.
pub(super) fn is_han(text: &str) -> bool {
    let han = |c: char| kind_of(c) == Some(Kind::Dense) && matches!(c, '\u{3400}'..='\u{9fff}');
    !text.is_empty() && text.chars().all(han)
}

/// The text in traditional forms.
pub(super) fn traditional(text: &str) -> String {
    changed(text, false)
}

/// The text in simplified forms.
pub(super) fn simplified(text: &str) -> String {
    changed(text, true)
}

fn changed(text: &str, backwards: bool) -> String {
    let pairs = || {
        FORMS.split_whitespace().filter_map(|pair| {
            let mut chars = pair.chars();
            Some((chars.next()?, chars.next()?))
        })
    };
    text.chars()
        .map(|c| {
            let found = pairs().find(|(simple, full)| c == if backwards { *full } else { *simple });
            match found {
                Some((simple, _)) if backwards => simple,
                Some((_, full)) => full,
                None => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_changed_both_ways() {
        assert_eq!(traditional("韩国防卫"), "韓國防衛");
        assert_eq!(simplified("韓國防衛"), "韩国防卫");
        assert!(is_han("韓国") && !is_han("K2戦車") && !is_han(""));
    }
}
